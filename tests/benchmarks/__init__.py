"""What Botschaft costs in time, measured: `make bench`, or `make bench NAME=tenants` for one."""
