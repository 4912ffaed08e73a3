"""
The warm engine: one process imports and rehearses everything, each report runs in a fresh fork of it.

A fork is a process of its own, so nothing of one report reaches the next, and it costs a hundredth of a second instead
of the two or three that a new kernel and its imports take. `session` runs the cells, `engine` gives that to Papermill
under the name ``balancelab-warm``, `zygote` is the process that is forked, `fork` the one that comes out of it.
"""
