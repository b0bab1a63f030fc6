"""An agreement (convention) from its application to its end: what it says on a day, and each act that changes that.

`status.py` derives; `instruction.py` is the table of steps; `acts.py`, `amendments.py` and `interruptions.py` record
what is dated. Rules R1 to R12 and R31 to R36; registry reference, 6.2.
"""
