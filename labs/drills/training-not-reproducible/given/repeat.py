"""The merge check: train twice with one seed, in two processes, and compare."""

import subprocess
import sys

first, second = (subprocess.run([sys.executable, "train.py"], capture_output=True, text=True, check=True).stdout for _ in "12")
print(f"first   {first}second  {second}", end="")
if first != second:
    sys.exit("not reproducible: one seed, two numbers")
print("reproducible")
