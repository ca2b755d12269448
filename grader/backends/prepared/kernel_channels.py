"""The channels of a kernel, in the order in which their listening sockets are handed over."""

CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
