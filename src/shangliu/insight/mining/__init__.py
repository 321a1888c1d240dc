"""Reading a process out of an event log, with the same expressions on DuckDB and on Spark."""
