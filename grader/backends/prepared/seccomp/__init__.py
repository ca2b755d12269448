"""What a prepared sandbox's processes may ask of the kernel.

`engine-default.json` is Docker's own profile (github.com/moby/profiles/seccomp v0.3.0, Apache-2.0, see LICENSE).
`filters.json` is compiled from it by `compile.py`: the BPF program for each machine, in base64.
"""
