"""The shell: clocks, sockets, files, processes, Locust. Everything that the pure rooms must not touch."""
