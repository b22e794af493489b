/* atoi( in a comment is fine */
int f(const char *text)
{
	return atoi(text);
}
