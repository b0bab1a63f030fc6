"""What a partner owes: the dated grid (`tariff.py`), what one agreement's fee depends on (`dues.py`), a year's run.

Rules R13 to R30; registry reference, part 5.
"""
