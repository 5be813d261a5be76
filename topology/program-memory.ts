/**
 * How little the device program may take of a device while it keeps watch. It looks at some streams four times a second:
 * what makes Node fast costs it memory and gains it nothing. Figures in docs/benchmarks.md, by `npm run bench -- program`.
 */

/**
 * What `keep` finds in its environment. Node lets the part of its heap for what is new grow to 48 MiB before it looks
 * what of it is still needed (`--max-semi-space-size`, in MiB, of which there are three); the C library keeps a heap for
 * each thread and gives back only what is more than 128 KiB at the end of one (mallopt(3)).
 */
export const KEEP_ENVIRONMENT: Readonly<Record<string, string>> = {
	NODE_OPTIONS: "--max-semi-space-size=1",
	MALLOC_ARENA_MAX: "1",
	MALLOC_TRIM_THRESHOLD_: "65536",
};

/**
 * What stands before the program's name where a device starts `keep`: V8 lets no threads of its own work beside the
 * program's, and prefers little memory to speed. They are not taken in `NODE_OPTIONS`. 60.4 MB without, 59.1 with them.
 */
export const KEEP_NODE_FLAGS: readonly string[] = ["--optimize-for-size", "--single-threaded"];

/** V8 compiles nothing for `keep`: neither the compilers nor what they make have to be in memory. `gc` is for the next. */
export const KEEP_V8_FLAGS: readonly string[] = ["--no-opt", "--no-sparkplug", "--expose-gc"];

/** How often `keep` has V8 give back what is not needed any more, which by itself waits until that is many megabytes. */
export const COLLECT_EVERY_MS = 30_000;

/** Bytes of memory that the device program may take: its budget. */
export const PROGRAM_BYTES = 60_000_000;

/** MiB that the unit of `keep` may take: twice that budget. */
export const KEEP_MEMORY_MAX_MIB = 120;
