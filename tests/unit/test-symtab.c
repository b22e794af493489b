/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of ELF files: this program's own, and files made here to be odd. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/audit/symtab.h"
#include "sandbox/base/cleanup.h"

/* A file with one mapped piece (offset 0x1000 at 0x401000) and four functions. */
struct small {
	Elf64_Ehdr head;
	Elf64_Phdr loads[2];
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint8_t id[20];
	} note;
	Elf64_Sym symbols[6];
	char names[64];
	Elf64_Shdr sections[3];
};

static const char names[] = "\0first\0_alias\0second\0sizeless\0data";

static Elf64_Sym symbol(uint32_t name, uint8_t info, uint64_t address, uint64_t size)
{
	return (Elf64_Sym){.st_name = name,
			   .st_info = info,
			   .st_shndx = 1,
			   .st_value = address,
			   .st_size = size};
}

static struct small make(uint8_t id)
{
	struct small s = {
		.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_EXEC,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_phoff = offsetof(struct small, loads),
			 .e_shoff = offsetof(struct small, sections),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2,
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = 3},
		.loads = {{.p_type = PT_LOAD,
			   .p_offset = 0x1000,
			   .p_vaddr = 0x401000,
			   .p_filesz = 0x500,
			   .p_memsz = 0x500},
			  {.p_type = PT_NOTE,
			   .p_offset = offsetof(struct small, note),
			   .p_filesz = sizeof(s.note)}},
		.note = {.head = {4, 20, NT_GNU_BUILD_ID}, .name = "GNU"},
		.symbols = {symbol(7, STT_FUNC | STB_WEAK << 4, 0x401100, 0x10),
			    symbol(1, STT_FUNC | STB_GLOBAL << 4, 0x401100, 0x20),
			    symbol(14, STT_FUNC | STB_GLOBAL << 4, 0x401200, 8),
			    symbol(21, STT_FUNC, 0x401300, 0),
			    symbol(14, STT_FUNC | STB_GLOBAL << 4, 0x401400, 4),
			    symbol(30, STT_OBJECT | STB_GLOBAL << 4, 0x401180, 0x80)},
		.sections = {{0},
			     {.sh_type = SHT_SYMTAB,
			      .sh_offset = offsetof(struct small, symbols),
			      .sh_size = sizeof(s.symbols),
			      .sh_link = 2,
			      .sh_entsize = sizeof(Elf64_Sym)},
			     {.sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct small, names),
			      .sh_size = sizeof(s.names)}},
	};

	memset(s.note.id, id, sizeof(s.note.id));
	memcpy(s.names, names, sizeof(names));
	return s;
}

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	return fd;
}

static struct rf_symtab *read_small(const struct small *s, const struct small *debug)
{
	RF_AUTOCLOSE int fd = file_of(s, sizeof(*s)), debug_fd = -1;
	struct rf_symtab *symtab = NULL;

	if (debug)
		debug_fd = file_of(debug, sizeof(*debug));
	assert_int_equal(rf_symtab_read(&symtab, fd, debug_fd, NULL), 0);
	return symtab;
}

static void expect(const struct rf_symtab *symtab, uint64_t offset, const char *name)
{
	const char *found = rf_symtab_find(symtab, offset);

	if (name)
		assert_string_equal(found ? found : "(none)", name);
	else
		assert_null(found);
}

static void offsets_become_functions(void **state RF_UNUSED)
{
	const struct small s = make(7);
	RF_CLEANUP(rf_symtab_freep) struct rf_symtab *symtab = read_small(&s, NULL);

	assert_memory_equal(rf_symtab_build_id(symtab), s.note.id, RF_BUILD_ID_LEN);
	assert_int_equal(rf_symtab_count(symtab), 4);
	expect(symtab, 0x10ff, NULL);
	expect(symtab, 0x1100, "first"); /* not its weak alias */
	expect(symtab, 0x111f, "first");
	expect(symtab, 0x1120, NULL);
	expect(symtab, 0x1180, NULL); /* data is no function */
	expect(symtab, 0x1207, "second");
	expect(symtab, 0x1208, NULL);
	expect(symtab, 0x13ff, "sizeless"); /* up to the next */
	expect(symtab, 0x1403, "second");
	expect(symtab, 0x1404, NULL);
	expect(symtab, 0x1500, NULL); /* not mapped */
	expect(symtab, 0x10, NULL);
	expect(symtab, UINT64_MAX, NULL);
}

static void debug_files_count_only_with_the_same_build_id(void **state RF_UNUSED)
{
	struct small stripped = make(7), debug = make(7), other = make(8), anonymous = make(0);
	struct rf_symtab *symtab;

	stripped.head.e_shnum = 0;
	symtab = read_small(&stripped, NULL);
	expect(symtab, 0x1100, NULL);
	symtab = rf_symtab_free(symtab);
	symtab = read_small(&stripped, &debug);
	expect(symtab, 0x1100, "first");
	symtab = rf_symtab_free(symtab);
	symtab = read_small(&stripped, &other);
	expect(symtab, 0x1100, NULL);
	symtab = rf_symtab_free(symtab);
	anonymous.head.e_shnum = 0;
	other = make(0);
	symtab = read_small(&anonymous, &other);
	expect(symtab, 0x1100, NULL);
	symtab = rf_symtab_free(symtab);
	assert_null(symtab);
}

/* Whatever a file says of itself, reading it ends, and in bounds (the sanitizers look). */
static void damaged_files_are_survived(void **state RF_UNUSED)
{
	const struct small whole = make(7);
	static const uint8_t bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	for (size_t len = 0; len < sizeof(whole); len += 8) {
		RF_AUTOCLOSE int fd = file_of(&whole, len);
		RF_CLEANUP(rf_symtab_freep) struct rf_symtab *symtab = NULL;

		if (rf_symtab_read(&symtab, fd, -1, NULL) == 0)
			(void)rf_symtab_find(symtab, 0x1100);
	}
	for (size_t at = 0; at < sizeof(whole); at++)
		for (size_t b = 0; b < sizeof(bytes); b++) {
			RF_CLEANUP(rf_symtab_freep) struct rf_symtab *symtab = NULL;
			struct small damaged = whole;
			RF_AUTOCLOSE int fd = -1;

			((uint8_t *)&damaged)[at] = bytes[b];
			fd = file_of(&damaged, sizeof(damaged));
			if (rf_symtab_read(&symtab, fd, -1, NULL) == 0)
				(void)rf_symtab_find(symtab, 0x1100);
		}
}

static void what_is_no_program_is_refused(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int text = file_of("#!/bin/sh\n", 10), empty = file_of("", 0);
	struct rf_symtab *symtab = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_symtab_read(&symtab, text, -1, &err), -EBADMSG);
	assert_int_equal(rf_symtab_read(&symtab, empty, -1, NULL), -EBADMSG);
	assert_null(symtab);
}

/* Where a function of this program is in its file, by the kernel's own list of mappings. */
static uint64_t offset_of(uint64_t address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long long first, last, offset, found = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx %*s %llx", &first, &last, &offset) == 3 &&
		    address >= first && address < last)
			found = address - first + offset;
	(void)fclose(maps);
	return found;
}

static void this_program_is_understood(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	RF_CLEANUP(rf_symtab_freep) struct rf_symtab *symtab = NULL;

	assert_int_equal(rf_symtab_read(&symtab, fd, -1, NULL), 0);
	expect(symtab, offset_of((uint64_t)(uintptr_t)offset_of) + 4, "offset_of");
	expect(symtab, offset_of((uint64_t)(uintptr_t)rf_symtab_read), "rf_symtab_read");
}

UNIT_MAIN(cmocka_unit_test(offsets_become_functions),
	  cmocka_unit_test(debug_files_count_only_with_the_same_build_id),
	  cmocka_unit_test(damaged_files_are_survived),
	  cmocka_unit_test(what_is_no_program_is_refused),
	  cmocka_unit_test(this_program_is_understood));
