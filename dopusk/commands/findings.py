"""Prints the findings of a verification."""

from dopusk.told import told
from dopusk.words import say
from sync.contract.verify_report import VerifyReport


def print_findings(report: VerifyReport) -> None:
    """Remarks, faults and the verdict, for people; for both stores."""
    for remark in report.remarks:
        print(say("remark: {text}", text=told(remark)))
    for fault in report.faults:
        print(say("FAULT {kind}: {place}: {what}", kind=fault.kind, place=told(fault.place), what=told(fault.what)))
    if report.unlisted_remarks:
        print(say("remark: {text}", text=say("{count} more remarks", count=report.unlisted_remarks)))
    for walk, count in report.unlisted_faults.items():
        print(say("FAULT: {count} more in {walk}", count=count, walk=walk))
    print(say("in order" if report.ok else "NOT in order"))
