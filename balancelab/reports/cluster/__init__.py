"""
Reports made by the workers of a Dask cluster, with the bytes that this machine alone would make.

`crew` is the submitting side: the same interface as `balancelab.reports.crew`. `plugin` puts a room on every worker and
takes it away again; `room` is that room, with a zygote (or a real kernel) that makes one report after another; `parcel`
is what the notebooks read, sent to each worker once; `program` tells whether worker and submitter are the same program;
`connect` finds the cluster or says why not.

Nothing here needs a file system that machines share: inputs and reports travel over Dask's own connections, and only
the submitting process writes to the output folder and its journal.
"""
