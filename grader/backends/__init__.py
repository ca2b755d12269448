"""Where jobs run and services live: `local` processes, `docker` containers."""
