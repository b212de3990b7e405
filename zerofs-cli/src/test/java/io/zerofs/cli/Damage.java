// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The changes of an object. */
enum Damage {
    FLIPPED {
        @Override
        void damage(Path object, Path other) throws IOException {
            byte[] bytes = Files.readAllBytes(object);
            bytes[bytes.length - 20] ^= 1;
            Files.write(object, bytes);
        }
    },
    CUT {
        @Override
        void damage(Path object, Path other) throws IOException {
            byte[] bytes = Files.readAllBytes(object);
            Files.write(object, Arrays.copyOf(bytes, bytes.length - 10));
        }
    },
    SWAPPED {
        @Override
        void damage(Path object, Path other) throws IOException {
            Files.write(object, Files.readAllBytes(other));
        }
    },
    DELETED {
        @Override
        void damage(Path object, Path other) throws IOException {
            Files.delete(object);
        }
    };

    /** @param other an object of the same kind */
    abstract void damage(Path object, Path other) throws IOException;
}
