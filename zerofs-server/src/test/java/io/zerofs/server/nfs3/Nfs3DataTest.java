// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.bytes;
import static io.zerofs.server.client.Nfs3Client.ofMode;
import static io.zerofs.server.client.Nfs3Client.ofSize;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** READ, WRITE and COMMIT. */
class Nfs3DataTest {
    private Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client client = fixture.client;
    private final byte[] root = fixture.root;
    private final byte[] file = client.create(root, "f");

    Nfs3DataTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void writtenBytesAreReadBack() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            byte[] expected = new byte[3 << 20];
            for (int i = 0; i < 40; i++) {
                byte[] data = new byte[1 + random.nextInt(i % 4 == 0 ? 1 << 20 : 9_000)];
                random.nextBytes(data);
                int offset = random.nextInt(expected.length - data.length);
                System.arraycopy(data, 0, expected, offset, data.length);
                Nfs3Result.WriteOk written = client.write(file, offset, data, StableHow.UNSTABLE);
                assertEquals(data.length, written.count());
            }
            client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, ofSize(expected.length), null));
            for (int i = 0; i < 40; i++) {
                int offset = random.nextInt(expected.length);
                int count = 1 + random.nextInt(i % 4 == 0 ? 1 << 20 : 9_000);
                int end = Math.min(expected.length, offset + count);
                assertArrayEquals(Arrays.copyOfRange(expected, offset, end), client.read(file, offset, count));
            }
        });
    }

    @Test
    void readReportsTheEndOfTheFile() throws IOException {
        client.write(file, 0, bytes("hello"), StableHow.UNSTABLE);
        Nfs3Result.ReadOk whole = client.call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, 0, 5));
        assertTrue(whole.endOfFile());
        Nfs3Result.ReadOk part = client.call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, 1, 3));
        assertFalse(part.endOfFile());
        assertEquals(3, part.count());
        Nfs3Result.ReadOk beyond = client.call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, 1_000, 3));
        assertTrue(beyond.endOfFile());
        assertEquals(0, beyond.count());
        Nfs3Result.ReadOk far = client.call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, -1, 1 << 20));
        assertEquals(0, far.count());
    }

    @Test
    void moreThanTheLimitIsReadInPart() throws IOException {
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, ofSize(10L << 20), null));
        Nfs3Result.ReadOk read = client.call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, 0, 4 << 20));
        assertEquals(Nfs3Limits.TRANSFER_BYTES_MAX, read.count());
        assertFalse(read.endOfFile());
    }

    @Test
    void writeReportsAttributesBeforeAndAfter() throws IOException {
        client.write(file, 0, new byte[10], StableHow.UNSTABLE);
        Nfs3Result.WriteOk written = client.write(file, 100, new byte[10], StableHow.UNSTABLE);
        assertEquals(10, written.wcc().before().size());
        assertEquals(110, written.wcc().after().size());
    }

    @Test
    void unstableWritesAreCalledUnstableAndOthersStable() throws IOException {
        assertEquals(
                StableHow.UNSTABLE,
                client.write(file, 0, new byte[1], StableHow.UNSTABLE).committed());
        assertEquals(
                StableHow.FILE_SYNC,
                client.write(file, 0, new byte[1], StableHow.DATA_SYNC).committed());
        assertEquals(
                StableHow.FILE_SYNC,
                client.write(file, 0, new byte[1], StableHow.FILE_SYNC).committed());
    }

    @Test
    void verifierIsTheSameUntilTheServerStartsAgain() throws Exception {
        long verifier = client.write(file, 0, new byte[1], StableHow.UNSTABLE).verifier();
        Nfs3Result.CommitOk committed = client.call(Nfs3Result.CommitOk.class, new Nfs3Call.Commit(file, 0, 0));
        assertEquals(verifier, committed.verifier());
        fixture = fixture.restart();
        byte[] again = fixture.client.lookup(fixture.root, "f").object();
        assertArrayEquals(file, again, "handles survive a restart");
        assertNotEquals(
                verifier,
                fixture.client.write(file, 0, new byte[1], StableHow.UNSTABLE).verifier());
    }

    @Test
    void readAndWriteNeedPermissionUnlessTheCallerOwnsTheFile() throws IOException {
        Nfs3Client stranger = client.as(1_000, 1_000);
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, ofMode(0600), null));
        assertEquals(Nfs3Status.ACCES, stranger.status(new Nfs3Call.Read(file, 0, 1)));
        assertEquals(
                Nfs3Status.ACCES,
                stranger.status(new Nfs3Call.Write(file, 0, StableHow.UNSTABLE, Unpooled.wrappedBuffer(new byte[1]))));
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, ofMode(0711), null));
        assertEquals(Nfs3Status.OK, stranger.status(new Nfs3Call.Read(file, 0, 1)), "programs can be loaded");
    }

    @Test
    void dataOfOtherKindsIsRefused() throws IOException {
        assertEquals(Nfs3Status.ISDIR, client.status(new Nfs3Call.Read(root, 0, 1)));
    }
}
