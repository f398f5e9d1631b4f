"""The dead letters' life: found, read, patched and sent again, by HTTP and by command."""
