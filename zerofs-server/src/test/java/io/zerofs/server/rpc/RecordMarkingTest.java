// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class RecordMarkingTest {
    private static final int BYTES_MAX = 16;

    private static ByteBuf hex(String digits) {
        return Unpooled.wrappedBuffer(HexFormat.of().parseHex(digits.replace(" ", "")));
    }

    private static int recordBytes(String digits) throws MalformedMessageException {
        return RecordMarking.recordBytes(hex(digits), BYTES_MAX);
    }

    @Test
    void lengthIsKnownAsSoonAsTheLastMarkIsThere() throws MalformedMessageException {
        assertEquals(0, recordBytes(""));
        assertEquals(0, recordBytes("800000"));
        assertEquals(8, recordBytes("80000004"));
        assertEquals(8, recordBytes("80000004 aabbccdd 80000001"));
        assertEquals(0, recordBytes("00000002 aabb 800000"));
        assertEquals(11, recordBytes("00000002 aabb 80000001"));
    }

    @Test
    void fragmentsAreJoined() {
        ByteBuf record = hex("00000002 aabb 00000000 00000003 ccddee 80000001 ff");
        assertEquals("aabbccddeeff", ByteBufUtil.hexDump(RecordMarking.content(record)));
        assertEquals("aabb", ByteBufUtil.hexDump(RecordMarking.content(hex("80000002 aabb"))));
    }

    @Test
    void recordsBeyondTheLimitAreRefusedBeforeTheyArrive() {
        assertThrows(MalformedMessageException.class, () -> recordBytes("80000011"));
        assertThrows(MalformedMessageException.class, () -> recordBytes("ffffffff"));
        assertThrows(MalformedMessageException.class, () -> recordBytes("00000008 0011223344556677 80000009"));
        assertThrows(MalformedMessageException.class, () -> recordBytes("00000000".repeat(64)));
    }
}
