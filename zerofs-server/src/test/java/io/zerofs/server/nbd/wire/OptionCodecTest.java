// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionCodecTest {
    @ParameterizedTest
    @CsvSource({
        "3, 00, LIST with data",
        "8, 00, STRUCTURED_REPLY with data",
        "7, '', GO without anything",
        "7, 00000005 6469736b, a name that ends too soon",
        "7, ffffffff, a name of 4 GiB",
        "7, 00001001, a name longer than a string may be",
        "7, 00000001 61, GO without the number of requests",
        "7, 00000001 61 0002 0000, GO with fewer requests than it says",
        "7, 00000001 61 0000 00, GO with a byte too many",
        "7, 00000001 ff 0000, a name that is not UTF-8",
        "7, 00000001 00 0000, a name with NUL",
        "10, 00000001 61, SET_META_CONTEXT without the number of queries",
        "10, 00000001 61 ffffffff, four billion queries",
        "9, 00000001 61 00000001 00000004 626173, a query that ends too soon",
        "1, ff, EXPORT_NAME that is not UTF-8",
    })
    void malformedDataIsRefused(int option, String data, String what) {
        assertThrows(MalformedMessageException.class, () -> decode(option, data), what);
    }

    @Test
    void informationThatWeDoNotKnowIsIgnored() throws MalformedMessageException {
        assertEquals(
                new OptionRequest.Select(NbdOption.INFO, "a", Set.of(InfoType.EXPORT)),
                decode(6, "00000001 61 0003 0000 0004 ffff"));
    }

    @Test
    void abortIgnoresItsData() throws MalformedMessageException {
        assertEquals(new OptionRequest.Abort(), decode(2, "010203"));
    }

    @Test
    void namesAreTextOfAnyScript() throws MalformedMessageException {
        String name = "Platte-ä-盘";
        assertEquals(
                new OptionRequest.ExportName(name),
                OptionCodec.decode(1, Unpooled.wrappedBuffer(name.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void aQueryMayBeEmpty() throws MalformedMessageException {
        assertEquals(
                new OptionRequest.MetaContext(NbdOption.LIST_META_CONTEXT, "", List.of("", "base:")),
                decode(9, "00000000 00000002 00000000 00000005 626173653a"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 11, 12, -1, Integer.MIN_VALUE})
    void otherOptionsAreUnsupportedWithAnyData(int option) throws MalformedMessageException {
        assertEquals(new OptionRequest.Unsupported(option), decode(option, "0102030405"));
    }

    @Test
    void startTlsCarriesNothing() throws MalformedMessageException {
        assertEquals(new OptionRequest.StartTls(), decode(5, ""));
        assertThrows(MalformedMessageException.class, () -> decode(5, "00"));
    }

    @Test
    void wrongMagicsAreRefused() {
        ByteBuf zeros = Unpooled.buffer().writeZero(NbdRequest.HEADER_BYTES);
        assertThrows(MalformedMessageException.class, () -> OptionHeader.decode(zeros.duplicate()));
        assertThrows(MalformedMessageException.class, () -> NbdRequest.decode(zeros.duplicate()));
    }

    private static OptionRequest decode(int option, String hex) throws MalformedMessageException {
        byte[] data = HexFormat.of().parseHex(hex.replace(" ", ""));
        return OptionCodec.decode(option, Unpooled.wrappedBuffer(data));
    }
}
