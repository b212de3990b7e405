// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class DirectoryListEncoderTest {
    private static final byte[] NAME = {'a', 'b', 'c'};
    /** attributes of the directory, verifier, end of list, end flag */
    private static final int EMPTY_BYTES = 88 + 8 + 8;
    /** entry follows, file id, name, cookie */
    private static final int ENTRY_BYTES = 4 + 8 + 8 + 8;

    private static int entriesThatFit(int count, int directoryCount) {
        ByteBuf payload = Unpooled.buffer();
        DirectoryListEncoder list = new DirectoryListEncoder(payload, count, directoryCount);
        int entries = 0;
        while (list.add(1, NAME, entries + 1)) {
            entries++;
        }
        list.finish(false);
        assertTrue(payload.readableBytes() + 88 + 8 <= count || entries == 0);
        return entries;
    }

    @Test
    void countIsUsedToTheLastByteAndNotExceeded() {
        assertEquals(2, entriesThatFit(EMPTY_BYTES + 2 * ENTRY_BYTES, 1 << 20));
        assertEquals(1, entriesThatFit(EMPTY_BYTES + 2 * ENTRY_BYTES - 1, 1 << 20));
        assertEquals(0, entriesThatFit(EMPTY_BYTES + ENTRY_BYTES - 1, 1 << 20));
    }

    @Test
    void dircountCountsFileIdsNamesAndCookies() {
        assertEquals(3, entriesThatFit(1 << 20, 3 * (ENTRY_BYTES - 4)));
        assertEquals(2, entriesThatFit(1 << 20, 3 * (ENTRY_BYTES - 4) - 1));
    }

    @Test
    void aSingleEntryMayExceedDircount() {
        assertEquals(1, entriesThatFit(1 << 20, 0));
    }

    @Test
    void attributesAndHandleCountForMaxcountOnly() {
        Fattr3 attributes = new Fattr3(
                FileType3.FIFO,
                0,
                1,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                2,
                new NfsTime3(0, 0),
                new NfsTime3(0, 0),
                new NfsTime3(0, 0));
        int plusBytes = ENTRY_BYTES + 88 + 4 + 4 + 40;
        DirectoryListEncoder fits = new DirectoryListEncoder(Unpooled.buffer(), EMPTY_BYTES + plusBytes, 1);
        assertTrue(fits.addPlus(2, NAME, 3, attributes, new byte[40]));
        DirectoryListEncoder tooSmall = new DirectoryListEncoder(Unpooled.buffer(), EMPTY_BYTES + plusBytes - 1, 4096);
        assertFalse(tooSmall.addPlus(2, NAME, 3, attributes, new byte[40]));
        assertTrue(tooSmall.isEmpty());
    }
}
