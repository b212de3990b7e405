// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.SampleMessages;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.TmessageDecoder;
import io.zerofs.server.ninep.wire.TmessageEncoder;
import io.zerofs.server.ninep.wire.WireTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Clients that break every rule. The connection's owner gets no exception, and each request ends exactly once. After
 * the clients no fid, lock, hold or buffer is left; the fixture and the leak check compare the numbers.
 */
class FuzzTest {
    private static final int SESSIONS = 60;
    private static final int SESSIONS_SLOW = 5_000;
    private static final int MESSAGES = 400;
    private static final int BODIES = 50_000;
    private static final int FIDS = 6;
    private static final int TAGS = 8;
    private static final int MSIZE = 8_192;

    /** For four clients seldom enough, for the three that may be there when another comes always. */
    private static final int FIDS_MAX = 35;

    /** Numbers of fids beside the ordinary ones; few, so that all can be clunked. */
    private static final int[] ODD_FIDS = {MessageHeader.NO_FID, Integer.MIN_VALUE, Integer.MAX_VALUE, 70_000};

    private static final String[] NAMES = {"a", "b", "c", "..", ".", "", "a/b", "user.x", "system.posix_acl_access"};
    private static final MessageType[] REQUESTS =
            SampleMessages.requests().keySet().toArray(MessageType[]::new);

    @Test
    void randomBodiesAreReadOrMalformed() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < BODIES; i++) {
                byte[] body = new byte[random.nextInt(120)];
                random.nextBytes(body);
                // Lengths and counts that have a chance to fit.
                for (int j = random.nextInt(4); j < body.length; j += 1 + random.nextInt(8)) {
                    body[j] = (byte) random.nextInt(3);
                }
                try {
                    TmessageDecoder.decode(REQUESTS[random.nextInt(REQUESTS.length)], Unpooled.wrappedBuffer(body));
                } catch (MalformedMessageException e) {
                    assertTrue(e.getMessage().length() < 200);
                }
            }
        });
    }

    @Test
    void damagedSessionsEndInOrder() throws Exception {
        Seeds.run(seed -> sessions(seed, SESSIONS));
    }

    @Test
    @Tag("slow")
    void manyDamagedSessionsEndInOrder() throws Exception {
        Seeds.run(seed -> sessions(seed, SESSIONS_SLOW));
    }

    private static void sessions(long seed, int count) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        try (NinePFixture fixture = new NinePFixture(NinePSettings.DEFAULT
                .withMessageBytesMax(MSIZE)
                .withFidsMax(FIDS_MAX)
                .withLocksMax(10)
                .withWaitingLocks(2, 30)
                .withClientShare(1))) {
            List<DirectClient> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long fidsOfOthers = fixture.server().fids().used();
                DirectClient client = fixture.client(user(random));
                clients.add(client);
                for (int j = 0; j < MESSAGES && client.closeReason() == null; j++) {
                    step(client, random);
                }
                if (client.closeReason() == null) {
                    requireThatNothingLeaked(client);
                    assertEquals(fidsOfOthers, fixture.server().fids().used());
                }
                if (clients.size() > 3 || random.nextBoolean()) {
                    // Its requests continue after its end.
                    clients.remove(random.nextInt(clients.size())).close();
                }
            }
            clients.forEach(NinePClient::close);
            DirectClient after = fixture.root();
            after.attributes(NinePClient.ROOT);
            // A file that was removed while a fid held it is freed in the background, if no hold is left.
            await().untilAsserted(() -> assertEquals(
                    inodesOf(fixture.files()), fixture.files().statistics().inodesUsed()));
        }
    }

    /** Ends all requests of the client: then every tag is free, and there is no fid. */
    private static void requireThatNothingLeaked(DirectClient client) throws Exception {
        client.handOver(false);
        client.runWaiting();
        for (int tag = 0; tag < TAGS; tag++) {
            // Waits for a lock are cancelled.
            client.send(MessageHeader.NO_TAG, new Tmessage.Tflush(tag));
        }
        for (int fid = 0; fid < FIDS; fid++) {
            client.call(new Tmessage.Tclunk(fid));
        }
        for (int fid : ODD_FIDS) {
            client.call(new Tmessage.Tclunk(fid));
        }
        client.runWaiting();
        assertEquals(0, client.requestsInFlight());
        for (int tag = 0; tag < TAGS; tag++) {
            client.send(tag, new Tmessage.Tclunk(0));
            assertNull(client.closeReason(), "tag " + tag);
        }
    }

    /** All that a name leads to. */
    private static int inodesOf(VirtualFileSystem files) throws FsException {
        Set<Long> seen = new HashSet<>();
        Deque<InodeId> directories = new ArrayDeque<>(List.of(files.root()));
        while (!directories.isEmpty()) {
            InodeId directory = directories.remove();
            seen.add(directory.number());
            files.list(Credentials.ROOT, directory, 0, true, entry -> {
                if (seen.add(entry.inode()) && entry.kind() == FileKind.DIRECTORY) {
                    directories.add(entry.attributes().id());
                }
                return true;
            });
        }
        return seen.size();
    }

    private static void step(DirectClient client, SplittableRandom random) throws Exception {
        int choice = random.nextInt(100);
        if (choice < 3) {
            client.handOver(random.nextBoolean());
        } else if (choice < 15) {
            client.runWaiting();
        } else {
            ByteBuf bytes = TmessageEncoder.encode(random.nextInt(TAGS), message(random));
            if (choice < 20) {
                damage(bytes, random);
            }
            client.send(bytes);
            assertTrue(client.requestsInFlight() <= MESSAGES);
        }
    }

    private static void damage(ByteBuf bytes, SplittableRandom random) {
        switch (random.nextInt(3)) {
            case 0 -> {
                // Truncated, with the size of the rest.
                bytes.writerIndex(
                        MessageHeader.HEADER_BYTES + random.nextInt(bytes.writerIndex() - MessageHeader.HEADER_BYTES));
                bytes.setIntLE(0, bytes.writerIndex());
            }
            case 1 -> bytes.setByte(random.nextInt(bytes.writerIndex()), random.nextInt(256));
            default -> {
                bytes.writeZero(random.nextInt(9));
                bytes.setIntLE(0, bytes.writerIndex());
            }
        }
    }

    private static byte[] name(SplittableRandom random) {
        // Few ordinary names, so that messages meet at one file.
        int choice = random.nextInt(40);
        String name =
                choice == 0 ? "x".repeat(random.nextInt(300)) : NAMES[random.nextInt(choice < 15 ? NAMES.length : 2)];
        return NinePClient.bytes(name);
    }

    /** Returns mostly the superuser, whose requests get furthest. */
    private static int user(SplittableRandom random) {
        return Math.max(0, random.nextInt(5) - 2) * 1000;
    }

    private static int fid(SplittableRandom random) {
        return random.nextInt(50) == 0 ? ODD_FIDS[random.nextInt(ODD_FIDS.length)] : random.nextInt(FIDS);
    }

    private static long number(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> -1;
            case 2 -> random.nextInt();
            default -> random.nextInt(20);
        };
    }

    private static int bits(SplittableRandom random) {
        return random.nextInt(3) == 0 ? random.nextInt() : 1 << random.nextInt(24) & random.nextInt();
    }

    private static Tmessage message(SplittableRandom r) {
        MessageType type = REQUESTS[r.nextInt(REQUESTS.length)];
        LockRange range = new LockRange(number(r), number(r));
        LockOwner owner = new LockOwner(r.nextInt(3), name(r));
        return switch (type) {
            case TVERSION ->
                // Rarely, because it ends all requests of the others.
                r.nextInt(10) == 0
                        ? new Tmessage.Tversion((int) number(r) * 1000, NinePClient.VERSION)
                        : new Tmessage.Tclunk(fid(r));
            case TFLUSH -> new Tmessage.Tflush(r.nextInt(TAGS));
            case TAUTH -> new Tmessage.Tauth(fid(r), name(r), name(r), fid(r));
            case TATTACH -> new Tmessage.Tattach(fid(r), -1, name(r), r.nextBoolean() ? new byte[0] : name(r), user(r));
            case TWALK -> new Tmessage.Twalk(fid(r), fid(r), names(r));
            case TLOPEN -> new Tmessage.Tlopen(fid(r), bits(r));
            case TLCREATE -> new Tmessage.Tlcreate(fid(r), name(r), bits(r), bits(r), r.nextInt(9));
            case TREAD -> new Tmessage.Tread(fid(r), number(r), (int) number(r));
            case TWRITE -> new Tmessage.Twrite(fid(r), number(r) >>> 30, Unpooled.wrappedBuffer(name(r)));
            case TCLUNK -> new Tmessage.Tclunk(fid(r));
            case TREMOVE -> new Tmessage.Tremove(fid(r));
            case TSTATFS -> new Tmessage.Tstatfs(fid(r));
            case TSYMLINK -> new Tmessage.Tsymlink(fid(r), name(r), name(r), bits(r));
            case TMKNOD -> new Tmessage.Tmknod(fid(r), name(r), bits(r), bits(r), bits(r), bits(r));
            case TRENAME -> new Tmessage.Trename(fid(r), fid(r), name(r));
            case TREADLINK -> new Tmessage.Treadlink(fid(r));
            case TGETATTR -> new Tmessage.Tgetattr(fid(r), number(r));
            case TSETATTR ->
                new Tmessage.Tsetattr(
                        fid(r),
                        bits(r),
                        bits(r),
                        bits(r),
                        bits(r),
                        number(r),
                        new WireTime(number(r), number(r)),
                        new WireTime(number(r), number(r)));
            case TXATTRWALK -> new Tmessage.Txattrwalk(fid(r), fid(r), name(r));
            case TXATTRCREATE -> new Tmessage.Txattrcreate(fid(r), name(r), number(r), r.nextInt(4));
            case TREADDIR -> new Tmessage.Treaddir(fid(r), number(r), (int) number(r) * 50);
            case TFSYNC -> new Tmessage.Tfsync(fid(r), r.nextBoolean());
            case TLOCK -> new Tmessage.Tlock(fid(r), LockType.values()[r.nextInt(3)], r.nextInt(4), range, owner);
            case TGETLOCK -> new Tmessage.Tgetlock(fid(r), LockType.values()[r.nextInt(3)], range, owner);
            case TLINK -> new Tmessage.Tlink(fid(r), fid(r), name(r));
            case TMKDIR -> new Tmessage.Tmkdir(fid(r), name(r), bits(r), bits(r));
            case TRENAMEAT -> new Tmessage.Trenameat(fid(r), name(r), fid(r), name(r));
            case TUNLINKAT ->
                new Tmessage.Tunlinkat(fid(r), name(r), r.nextInt(4) == 0 ? bits(r) : r.nextInt(2) * 0x200);
            default -> throw new AssertionError(type);
        };
    }

    private static byte[][] names(SplittableRandom random) {
        byte[][] names = new byte[random.nextInt(4)][];
        for (int i = 0; i < names.length; i++) {
            names[i] = name(random);
        }
        return names;
    }

    @Test
    void everyRequestIsAnsweredOnce() throws Exception {
        try (NinePFixture fixture = new NinePFixture()) {
            DirectClient client = fixture.root();
            int tag = 1;
            for (Tmessage message : SampleMessages.requests().values()) {
                if (message.type() != MessageType.TVERSION) {
                    client.send(tag, message);
                    client.await(tag);
                    tag++;
                }
            }
            assertEquals(0, client.requestsInFlight());
        }
    }
}
