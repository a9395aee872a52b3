/* tests/sim/memory.h -- SQLite's memory in a simulator: one thread, free lists by size, no locks
 * and no statistics.
 *
 * Thousands of short lives of a database in one process spend a tenth of their time in the general
 * allocator. Blocks of up to 32 KiB are cut from slabs and kept for the next of their size; larger
 * ones are the heap's. Sanitizers see through the heap only, so under them nothing changes.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

/* Before SQLite's first use; later calls are refused, and nothing is lost but time. */
void memory_configure(void);

/* Behind a large run: what it alone has needed goes back to the kernel, or a long campaign would
 * keep the most of everything that any of its runs has used. */
void memory_trim(void);

#endif
