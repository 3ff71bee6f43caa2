"""Finishing edits that were cut short: forward, since the journal promised them; then clearing what never began."""

import shutil

from ddoc.dataset.journal import EditRecord, Journal
from ddoc.dataset.steps import backward, forward, touched_images
from ddoc.paths import Layout


def recover(layout: Layout) -> list[str]:
    """Finish every unfinished edit or undo. Returns the images concerned, relative to `data/`.

    What was staged for an edit that never reached the journal is removed.
    """
    journal = Journal(layout)
    touched: set[str] = set()
    for record in journal.unfinished():
        touched.update(finish(layout, journal, record)[0])
    _clear_unjournaled(layout, journal)
    return sorted(touched)


def finish(layout: Layout, journal: Journal, record: EditRecord) -> tuple[list[str], list[str]]:
    """Carry out what is left of an edit or of its undo, and say so in the journal.

    What an undone edit had staged is deleted at the next opening: freeing files is slow, and nobody should wait.

    Returns (images concerned, images whose files were missing), relative to `data/`.
    """
    steps = journal.steps(record)
    if record.state == "undoing":
        missing = backward(layout.root, steps)
        journal.mark(record, "undone")
    else:
        missing = forward(layout.root, steps)
        journal.mark(record, "done")
    return touched_images(steps), touched_images(missing)


def _clear_unjournaled(layout: Layout, journal: Journal) -> None:
    if layout.trash.is_dir():
        known = {record.edit_id for record in journal.records() if record.state != "undone"}
        for folder in layout.trash.iterdir():
            if folder.name.startswith("edit-") and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
    if layout.tmp.is_dir():
        for folder in layout.tmp.glob("journal-edit-*"):
            shutil.rmtree(folder, ignore_errors=True)
