"""The write-up, checked: every figure and claim of the worked answers, beside what is computed now.

`checked()` gives them in the write-up's order; nothing is computed before it is called.
"""

from app.lab.writeup.check import CLAIMS, Checked, checked
from app.lab.writeup.claim import Claim, Finding, Link, Verdict

__all__ = ["CLAIMS", "Checked", "Claim", "Finding", "Link", "Verdict", "checked"]
