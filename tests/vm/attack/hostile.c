/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static program whose first act is to open a file: exit 42 if it could, 0 if it was refused. No
 * library opens anything before it, so nothing warns of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (open(argv[1], O_RDONLY) >= 0)
		return 42;
	return errno == EACCES || errno == EPERM ? 0 : 3;
}
