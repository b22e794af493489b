size_t f(void);
