/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols out of ELF files, by libelf; see symtab.h.
 */
#include "sandbox/audit/symtab.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/vec.h"

#define LOADS_MAX    64
#define SECTIONS_MAX 65536
#define NAMES_MAX    (512u << 20) /* bytes of a table that libelf is asked to read */
#define NOTES_MAX    65536

/* A piece of the file that is mapped. */
struct load {
	uint64_t offset, size, address;
};

struct symbol {
	uint64_t address, end;
	uint32_t name; /* in names */
	uint8_t rank;  /* of several names for one function the lowest is told */
};

RF_VEC_DEFINE(symbol_vec, struct symbol);

struct rf_symtab {
	uint8_t build_id[RF_BUILD_ID_LEN];
	struct load loads[LOADS_MAX];
	size_t n_loads;
	struct symbol_vec symbols;
	char *names;
	size_t names_len, names_cap;
};

static void end_elf(Elf **elf)
{
	if (*elf)
		(void)elf_end(*elf);
}

static int open_elf(int fd, Elf **ret, struct rf_err *err)
{
	RF_CLEANUP(end_elf) Elf *elf = NULL;

	(void)elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return rf_err_set(err, -EBADMSG, "no ELF file");
	*ret = RF_TAKE_PTR(elf);
	return 0;
}

static void take_build_id(const char *notes, size_t len, uint8_t ret[RF_BUILD_ID_LEN])
{
	size_t at = 0;

	while (len - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name, data, next;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		if (note.n_namesz > NOTES_MAX || note.n_descsz > NOTES_MAX)
			return;
		data = name + ((note.n_namesz + 3) & ~3U);
		next = data + ((note.n_descsz + 3) & ~3U);
		if (next > len)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 && note.n_descsz > 0 &&
		    note.n_descsz <= RF_BUILD_ID_LEN) {
			memcpy(ret, notes + data, note.n_descsz);
			return;
		}
		at = next;
	}
}

/* Program headers: what is mapped, and the note that the kernel too finds there. */
static int read_headers(Elf *elf, struct rf_symtab *s, struct rf_err *err)
{
	size_t n = 0;

	if (elf_getphdrnum(elf, &n) < 0)
		return rf_err_set(err, -EBADMSG, "an ELF file without program headers");
	for (size_t i = 0; i < n && i < SECTIONS_MAX; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header))
			return rf_err_set(err, -EBADMSG, "a damaged ELF file");
		if (header.p_type == PT_LOAD && s->n_loads < LOADS_MAX)
			s->loads[s->n_loads++] =
				(struct load){header.p_offset, header.p_filesz, header.p_vaddr};
		if (header.p_type == PT_NOTE && header.p_filesz <= NOTES_MAX) {
			Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header.p_offset,
							      header.p_filesz, ELF_T_BYTE);

			if (data && data->d_buf)
				take_build_id(data->d_buf, data->d_size, s->build_id);
		}
	}
	return 0;
}

static int add_name(struct rf_symtab *s, const char *name, uint32_t *ret)
{
	size_t len = strlen(name) + 1;

	if (s->names_len + len > s->names_cap) {
		size_t cap = s->names_cap ? s->names_cap * 2 : 65536;
		char *names;

		while (cap < s->names_len + len)
			cap *= 2;
		if (cap > UINT32_MAX)
			return -ENOMEM;
		names = realloc(s->names, cap);
		if (!names)
			return -ENOMEM;
		s->names = names;
		s->names_cap = cap;
	}
	memcpy(s->names + s->names_len, name, len);
	*ret = (uint32_t)s->names_len;
	s->names_len += len;
	return 0;
}

/* A name that a person would look for stands before aliases and local helpers. */
static uint8_t rank_of(const GElf_Sym *symbol, const char *name)
{
	int bind = GELF_ST_BIND(symbol->st_info);

	return (uint8_t)((name[0] == '_') * 3 + (bind == STB_GLOBAL ? 0
						 : bind == STB_WEAK ? 1
								    : 2));
}

static int add_symbol(Elf *elf, size_t strings, const GElf_Sym *symbol, struct rf_symtab *s)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	struct symbol fresh = {.address = symbol->st_value};
	const char *name;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol->st_shndx == SHN_UNDEF)
		return 0;
	name = elf_strptr(elf, strings, symbol->st_name);
	if (!name || !name[0])
		return 0;
	if (__builtin_add_overflow(symbol->st_value, symbol->st_size, &fresh.end))
		return 0;
	fresh.rank = rank_of(symbol, name);
	if (add_name(s, name, &fresh.name) < 0)
		return -ENOMEM;
	return symbol_vec_push(&s->symbols, fresh);
}

static int read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct rf_symtab *s)
{
	Elf_Data *data;
	size_t n;
	int r = 0;

	if (header->sh_size > NAMES_MAX || header->sh_entsize == 0)
		return 0;
	data = elf_getdata(section, NULL);
	if (!data)
		return 0;
	n = data->d_size / header->sh_entsize;
	for (size_t i = 0; r == 0 && i < n && s->symbols.len < RF_SYMTAB_MAX; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol))
			r = add_symbol(elf, header->sh_link, &symbol, s);
	}
	return r;
}

/* The full table if there is one, else what the dynamic linker needs. */
static int read_tables(Elf *elf, struct rf_symtab *s)
{
	static const unsigned int types[] = {SHT_SYMTAB, SHT_DYNSYM};
	int r = 0;

	for (size_t t = 0; r == 0 && t < 2 && s->symbols.len == 0; t++) {
		Elf_Scn *section = NULL;

		while (r == 0 && (section = elf_nextscn(elf, section))) {
			GElf_Shdr header;

			if (gelf_getshdr(section, &header) && header.sh_type == types[t])
				r = read_symbols(elf, section, &header, s);
		}
	}
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return left->name < right->name ? -1 : left->name > right->name;
}

/* Of one function's names only the best stays; one without a size reaches to the next. */
static void tidy(struct symbol_vec *symbols)
{
	size_t n = 0;

	if (symbols->len > 0)
		qsort(symbols->data, symbols->len, sizeof(*symbols->data), by_address);
	for (size_t i = 0; i < symbols->len; i++) {
		struct symbol *last = n > 0 ? &symbols->data[n - 1] : NULL;

		if (last && last->address == symbols->data[i].address) {
			if (symbols->data[i].end > last->end)
				last->end = symbols->data[i].end;
			continue;
		}
		if (last && last->end == last->address)
			last->end = symbols->data[i].address;
		symbols->data[n++] = symbols->data[i];
	}
	symbols->len = n;
}

/* Symbols of another file for the same code. */
static int read_debug(int fd, struct rf_symtab *s)
{
	RF_CLEANUP(rf_symtab_freep) struct rf_symtab *other = calloc(1, sizeof(*other));
	RF_CLEANUP(end_elf) Elf *elf = NULL;
	uint8_t none[RF_BUILD_ID_LEN] = {0};

	if (!other)
		return -ENOMEM;
	if (memcmp(s->build_id, none, sizeof(none)) == 0 || open_elf(fd, &elf, NULL) < 0 ||
	    read_headers(elf, other, NULL) < 0 ||
	    memcmp(other->build_id, s->build_id, sizeof(none)) != 0)
		return 0;
	return read_tables(elf, s);
}

int rf_symtab_read(struct rf_symtab **ret, int fd, int debug_fd, struct rf_err *err)
{
	RF_CLEANUP(rf_symtab_freep) struct rf_symtab *s = calloc(1, sizeof(*s));
	RF_CLEANUP(end_elf) Elf *elf = NULL;
	int r;

	if (!s)
		return rf_err_sys(err, -ENOMEM, "read symbols");
	r = open_elf(fd, &elf, err);
	if (r == 0)
		r = read_headers(elf, s, err);
	if (r < 0)
		return r;
	if (debug_fd >= 0)
		r = read_debug(debug_fd, s);
	if (r == 0 && s->symbols.len == 0)
		r = read_tables(elf, s);
	if (r < 0)
		return rf_err_sys(err, r, "read symbols");
	tidy(&s->symbols);
	*ret = RF_TAKE_PTR(s);
	return 0;
}

struct rf_symtab *rf_symtab_free(struct rf_symtab *s)
{
	if (!s)
		return NULL;
	symbol_vec_done(&s->symbols);
	free(s->names);
	free(s);
	return NULL;
}

const uint8_t *rf_symtab_build_id(const struct rf_symtab *s)
{
	return s->build_id;
}

size_t rf_symtab_count(const struct rf_symtab *s)
{
	return s->symbols.len;
}

const char *rf_symtab_find(const struct rf_symtab *s, uint64_t offset)
{
	size_t low = 0, high = s->symbols.len;
	const struct load *load = s->loads;
	uint64_t address;

	while (load < s->loads + s->n_loads &&
	       (offset < load->offset || offset - load->offset >= load->size))
		load++;
	if (load == s->loads + s->n_loads)
		return NULL;
	address = load->address + (offset - load->offset);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->symbols.data[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= s->symbols.data[low - 1].end)
		return NULL;
	return s->names + s->symbols.data[low - 1].name;
}
