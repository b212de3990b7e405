// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A digest of all events of a world. {@code -Dzerofs.trace=FILE} also writes them as text, so that {@code diff} finds where
 * two runs of a seed part.
 */
final class Trace {
    private static final String FILE = System.getProperty("zerofs.trace", "");

    private final BufferedWriter text;
    private long digest = 0x9E3779B97F4A7C15L;

    Trace() {
        try {
            text = FILE.isEmpty() ? null : Files.newBufferedWriter(Path.of(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void turn(long fiber, long now) {
        mix(fiber);
        mix(now);
        write(fiber + " at " + now);
    }

    void note(String event) {
        mix(event.hashCode());
        write(event);
    }

    /** Writes where a thread rests. The digest leaves it out. */
    void rests(Fiber fiber) {
        if (text != null) {
            write(fiber.number() + " rests: " + fiber.describe().replace('\n', ' '));
        }
    }

    long digest() {
        return digest;
    }

    /** Rounds of SplitMix64, which spread each bit. */
    private void mix(long value) {
        long mixed = (digest ^ value) * 0xBF58476D1CE4E5B9L;
        digest = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL + 1;
    }

    private void write(String event) {
        if (text != null) {
            try {
                text.write(event);
                text.newLine();
                text.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
