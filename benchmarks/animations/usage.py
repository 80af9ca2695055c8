"""python usage.py COMMAND...: run it, and print its processor's seconds and peak kilobytes.

A process of its own, because a child's peak begins at that of its parent.
"""

import os
import subprocess
import sys

with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as process:
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
if process.returncode == 0:
    print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(process.returncode)
