"""What runs beside the service: the detached shim that owns a trainer, and the harness inside the trainer's process.

Standard library only, so that both start in milliseconds and import nothing that a trainer could break.
"""
