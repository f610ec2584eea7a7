"""Ten gigabytes on standard output, if anybody takes them."""

block = b"\x1b[31m0123456789" * 100_000
for _ in range(10 * 1024**3 // len(block)):
    os.write(1, block)
