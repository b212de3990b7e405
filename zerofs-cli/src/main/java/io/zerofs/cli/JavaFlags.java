// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.CacheConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Java's flags for the memory that a configuration allows. The start script asks for them with {@code run --java-flags} and
 * keeps the answer for each content of the configuration file.
 */
final class JavaFlags {
    /** The variable that names the file of the kept answer. The start script sets it; it is empty if nothing is kept. */
    static final String KEPT = "ZEROFS_KEPT_JAVA_FLAGS";

    private static final long BYTES_PER_MB = 1_000_000;

    /** MiB of heap for the program itself, mainly room for the collector. */
    private static final long PROGRAM_HEAP = 224;

    /** MiB of direct memory for the program itself. */
    private static final long PROGRAM_DIRECT = 96;

    /** From this heap on, in MiB, G1's own regions are large enough. */
    private static final long HEAP_OF_LARGE_REGIONS = 4096;

    private JavaFlags() {}

    /**
     * Returns the flags, separated by blanks: the parts of {@link MemoryBudget} that are heap and direct memory, plus the
     * program's own needs.
     */
    static String of(CacheConfig cache) {
        long budget = cache.memoryBytes() / BYTES_PER_MB;
        long heap = PROGRAM_HEAP + budget * 5 / 8;
        long direct = PROGRAM_DIRECT + Math.min(256, budget / 8);
        // At most 35 MB and half of the budget are live. Marking begins when a quarter of the rest is taken too. Until
        // then young collections free the large arrays of written data, which G1's own threshold ignores.
        long marking = (82 + budget * 17 / 32) * 100 / heap;
        // G1 also ignores them when it sizes the young generation, which must leave room to copy its live objects.
        long young = heap / 8;
        // Arrays of 256 KiB, with a header each, waste a quarter of a region of 1 MiB.
        String regions = heap < HEAP_OF_LARGE_REGIONS ? " -XX:G1HeapRegionSize=2m" : "";
        return "-Xmx" + heap + "m -XX:MaxDirectMemorySize=" + direct + "m -XX:InitiatingHeapOccupancyPercent=" + marking
                + " -XX:MaxNewSize=" + young + "m" + regions;
    }

    /** Deletes a kept answer that is wrong. Returns whether it did, so that the next start asks again. */
    static boolean forgetIfWrong(Path kept, CacheConfig cache) {
        try {
            byte[] right = (of(cache) + "\n").getBytes(StandardCharsets.US_ASCII);
            if (Arrays.equals(Files.readAllBytes(kept), right)) {
                return false;
            }
            Files.delete(kept);
            return true;
        } catch (IOException e) {
            return false; // Another start has deleted it, or the next start would find it again.
        }
    }
}
