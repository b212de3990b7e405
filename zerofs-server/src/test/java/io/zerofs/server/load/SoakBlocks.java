// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Blocks of which each has a number at its beginning. The other bytes follow from the number. */
final class SoakBlocks {
    static final int BYTES = 4096;

    private SoakBlocks() {}

    /** Returns the bytes of blocks with these numbers. Number 0 is a block of zeros. */
    static byte[] bytes(long... numbers) {
        byte[] bytes = new byte[numbers.length * BYTES];
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] != 0) {
                fill(ByteBuffer.wrap(bytes, i * BYTES, BYTES), numbers[i]);
            }
        }
        return bytes;
    }

    private static void fill(ByteBuffer block, long number) {
        SplittableRandom random = new SplittableRandom(number);
        block.putLong(number);
        while (block.hasRemaining()) {
            block.putLong(random.nextLong());
        }
    }

    /** Returns the numbers of whole blocks. Fails if the bytes are not those of their number. */
    static long[] numbers(byte[] bytes) {
        if (bytes.length % BYTES != 0) {
            throw new SoakFailure("the file has " + bytes.length + " bytes, which are no whole blocks");
        }
        long[] numbers = new long[bytes.length / BYTES];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = ByteBuffer.wrap(bytes).getLong(i * BYTES);
        }
        int wrong = Arrays.mismatch(bytes, bytes(numbers));
        if (wrong >= 0) {
            throw new SoakFailure("block " + wrong / BYTES + " has the number " + numbers[wrong / BYTES]
                    + " and a wrong byte at " + wrong % BYTES);
        }
        return numbers;
    }
}
