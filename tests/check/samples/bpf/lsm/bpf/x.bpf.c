SEC("lsm/socket_create")
int BPF_PROG(rf_socket_create, int family, int ret)
{
	return ret;
}
