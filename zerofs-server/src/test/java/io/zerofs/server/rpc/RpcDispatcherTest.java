// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RpcDispatcherTest {
    private static final ByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;
    private static final String XID = "00000007";
    private static final String CALL = "00000000";
    private static final String PROGRAM = "00001000" + "00000002";
    private static final String AUTH_NONE = "00000000" + "00000000";
    private static final String ACCEPTED = XID + "00000001" + "00000000" + AUTH_NONE;
    private static final String DENIED = XID + "00000001" + "00000001";
    /** Procedure 1 answers its argument; 2 does, too, and must not run twice. */
    private static final String ECHO = "00000001";

    private static final String ECHO_ONCE = "00000002";

    /** A record mark, the header of a reply and one number. */
    private static final int REPLY_BYTES = RpcExchange.REPLY_HEADER_BYTES + 4;

    private final List<RpcCall> calls = new ArrayList<>();
    private final List<Runnable> held = new ArrayList<>();
    private boolean hold;
    private Instant now = Instant.EPOCH;
    private final FakeRequest request = new FakeRequest("10.0.0.1:700");
    private final RpcDispatcher dispatcher = new RpcDispatcher(List.of(new EchoProgram()), cacheOf(4, 1));

    private DuplicateRequestCache cacheOf(int calls, int clients) {
        int bytes = calls * (DuplicateRequestCache.CALL_BYTES + REPLY_BYTES);
        return new DuplicateRequestCache(bytes + clients * DuplicateRequestCache.CLIENT_BYTES, () -> now);
    }

    private final class EchoProgram implements RpcProgram {
        @Override
        public int number() {
            return 0x1000;
        }

        @Override
        public int version() {
            return 2;
        }

        @Override
        public boolean hasProcedure(int procedure) {
            return procedure >= 0 && procedure <= 2;
        }

        @Override
        public boolean isCached(int procedure) {
            return procedure == 2;
        }

        @Override
        public void call(RpcCall call, XdrReader arguments, RpcExchange exchange) throws MalformedMessageException {
            int value = arguments.readInt();
            calls.add(call);
            Runnable answer = () -> {
                ByteBuf reply = exchange.newReply(4);
                reply.writeInt(value);
                exchange.reply(reply);
            };
            if (hold) {
                held.add(answer);
            } else {
                answer.run();
            }
        }
    }

    private List<String> dispatch(FakeRequest to, String... parts) throws MalformedMessageException {
        byte[] message = HexFormat.of().parseHex(String.join("", parts));
        dispatcher.dispatch(Unpooled.wrappedBuffer(message), to.peer(), to, ALLOCATOR);
        return to.replies;
    }

    private List<String> dispatch(String... parts) throws MalformedMessageException {
        return dispatch(request, parts);
    }

    @Test
    void successCarriesTheResult() throws MalformedMessageException {
        assertEquals(
                List.of(ACCEPTED + "00000000" + "0000002a"),
                dispatch(XID, CALL, "00000002", PROGRAM, ECHO, AUTH_NONE, AUTH_NONE, "0000002a"));
    }

    @Test
    void everyErrorHasItsReply() throws MalformedMessageException {
        dispatch(XID, CALL, "00000003");
        dispatch(XID, CALL, "00000002", "00001001", "00000002", ECHO, AUTH_NONE, AUTH_NONE);
        dispatch(XID, CALL, "00000002", "00001000", "00000001", ECHO, AUTH_NONE, AUTH_NONE);
        dispatch(XID, CALL, "00000002", PROGRAM, "00000003", AUTH_NONE, AUTH_NONE);
        dispatch(XID, CALL, "00000002", PROGRAM, ECHO, AUTH_NONE, AUTH_NONE);
        dispatch(XID, CALL, "00000002", PROGRAM, ECHO, "00000006" + "00000000", AUTH_NONE, "0000002a");
        dispatch(XID, CALL, "00000002", PROGRAM, ECHO, "00000001" + "00000004" + "00000000", AUTH_NONE);
        assertEquals(
                List.of(
                        DENIED + "00000000" + "00000002" + "00000002", // RPC_MISMATCH
                        ACCEPTED + "00000001", // PROG_UNAVAIL
                        ACCEPTED + "00000002" + "00000002" + "00000002", // PROG_MISMATCH
                        ACCEPTED + "00000003", // PROC_UNAVAIL
                        ACCEPTED + "00000004", // GARBAGE_ARGS
                        DENIED + "00000001" + "00000002", // AUTH_REJECTEDCRED
                        DENIED + "00000001" + "00000001"), // AUTH_BADCRED
                request.replies);
    }

    @Test
    void authSysIsReadWithUpToSixteenGroups() throws MalformedMessageException {
        String name = "00000003" + "616263" + "00";
        String groups = "00000010" + "0000000a".repeat(16);
        dispatch(authSys("00000001" + name + "000003e8" + "fffffffe" + groups));
        RpcCredential.Sys sys = (RpcCredential.Sys) calls.get(0).credential();
        assertEquals(1000, sys.uid());
        assertEquals(-2, sys.gid());
        assertEquals(16, sys.groups().length);
        dispatch(authSys("00000001" + name + "000003e8" + "fffffffe" + "00000011" + "0000000a".repeat(17)));
        assertEquals(DENIED + "00000001" + "00000001", request.replies.get(1));
    }

    private static String[] authSys(String body) {
        String length = HexFormat.of().toHexDigits(body.length() / 2);
        return new String[] {XID, CALL, "00000002", PROGRAM, ECHO, "00000001", length, body, AUTH_NONE, "0000002a"};
    }

    @Test
    void messagesThatAreNoCallsEndTheConnection() {
        assertThrows(MalformedMessageException.class, () -> dispatch(XID, "00000001"));
        assertThrows(MalformedMessageException.class, () -> dispatch(XID));
        assertThrows(
                MalformedMessageException.class,
                () -> dispatch(XID, CALL, "00000002", PROGRAM, ECHO, "00000001" + "00000191"));
    }

    private String[] once(String xid, String value) {
        return new String[] {xid, CALL, "00000002", PROGRAM, ECHO_ONCE, AUTH_NONE, AUTH_NONE, value};
    }

    @Test
    void retransmissionIsAnsweredWithTheFirstReplyAndNotRunAgain() throws MalformedMessageException {
        dispatch(once(XID, "0000002a"));
        assertEquals(request.replies.get(0), dispatch(once(XID, "0000002a")).get(1), "on the same connection");
        FakeRequest early = new FakeRequest("10.0.0.1:700");
        assertEquals(
                request.replies.subList(0, 1),
                dispatch(early, once(XID, "0000002a")),
                "whose end is not known yet, because the next has its port");
        request.peer().ended(false);
        FakeRequest reconnected = new FakeRequest("10.0.0.1:701");
        assertEquals(request.replies.subList(0, 1), dispatch(reconnected, once(XID, "0000002a")));
        assertEquals(1, calls.size());
    }

    @Test
    void sameCallByAnotherConnectionThatIsOpenIsAnotherCall() throws MalformedMessageException {
        dispatch(once(XID, "0000002a"));
        dispatch(new FakeRequest("10.0.0.1:701"), once(XID, "0000002a"));
        assertEquals(2, calls.size());
    }

    @Test
    void sameCallAfterTheClientEndedItsConnectionInOrderIsAnotherCall() throws MalformedMessageException {
        dispatch(once(XID, "0000002a"));
        request.peer().ended(true);
        dispatch(new FakeRequest("10.0.0.1:700"), once(XID, "0000002a"));
        assertEquals(2, calls.size());
    }

    @Test
    void callThatRanWhenItsClientEndedTheConnectionIsAnsweredOnTheNext() throws MalformedMessageException {
        hold = true;
        dispatch(once(XID, "0000002a"));
        request.peer().ended(true);
        FakeRequest reconnected = new FakeRequest("10.0.0.1:701");
        dispatch(reconnected, once(XID, "0000002a"));
        held.remove(0).run();
        assertEquals(1, reconnected.replies.size());
        FakeRequest again = new FakeRequest("10.0.0.1:702");
        assertEquals(reconnected.replies, dispatch(again, once(XID, "0000002a")));
        assertEquals(1, calls.size());
    }

    @Test
    void replyIsNotGivenAgainAfterItsTime() throws MalformedMessageException {
        dispatch(once(XID, "0000002a"));
        now = now.plus(DuplicateRequestCache.AGE_MAX);
        dispatch(once(XID, "0000002a"));
        assertEquals(1, calls.size());
        now = now.plusSeconds(1);
        dispatch(once(XID, "0000002a"));
        assertEquals(2, calls.size());
    }

    @Test
    void callsThatDifferInTheirLastByteAreTwo() throws MalformedMessageException {
        String data = "00".repeat(100_000);
        dispatch(once(XID, "0000002a" + data + "00000001"));
        dispatch(once(XID, "0000002a" + data + "00000002"));
        assertEquals(2, calls.size());
    }

    private boolean runs(RpcDispatcher on, FakeRequest by, int xid) throws MalformedMessageException {
        int before = calls.size();
        String call = String.join("", once(HexFormat.of().toHexDigits(xid), "0000002a"));
        on.dispatch(Unpooled.wrappedBuffer(HexFormat.of().parseHex(call)), by.peer(), by, ALLOCATOR);
        return calls.size() > before;
    }

    @Test
    void busyClientMakesTheCacheForgetItsOwnCalls() throws MalformedMessageException {
        int room = 100;
        RpcDispatcher roomy = new RpcDispatcher(List.of(new EchoProgram()), cacheOf(room, 2));
        int few = 20;
        for (int i = 0; i < few; i++) {
            runs(roomy, request, i);
        }
        // Of one client, by many connections.
        for (int i = 0; i < 1_000; i++) {
            assertTrue(runs(roomy, new FakeRequest("10.0.0.2:" + (1 + i)), i));
        }
        for (int i = 0; i < few; i++) {
            assertFalse(runs(roomy, request, i), "call " + i + " of the other client");
        }
        FakeRequest busy = new FakeRequest("10.0.0.2:5000");
        for (int i = 0; i < room - few; i++) {
            assertTrue(runs(roomy, busy, i));
        }
        for (int i = 0; i < room - few; i++) {
            assertFalse(runs(roomy, busy, i), "what the other does not use is lent");
        }
        for (int i = few; i < room; i++) {
            assertTrue(runs(roomy, request, i));
        }
        assertTrue(runs(roomy, request, 0), "a client that has more than the other forgets its own");
        assertTrue(runs(roomy, busy, 0), "what was lent is taken back");
        assertFalse(runs(roomy, busy, room - few - 1));
    }

    @Test
    void clientAloneKeepsAsManyCallsAsItsBytesPermit() throws MalformedMessageException {
        RpcDispatcher roomy = new RpcDispatcher(List.of(new EchoProgram()), cacheOf(10_000, 1));
        int room = (DuplicateRequestCache.BYTES_PER_CLIENT_MAX - DuplicateRequestCache.CLIENT_BYTES)
                / (DuplicateRequestCache.CALL_BYTES + REPLY_BYTES);
        for (int i = 0; i <= room; i++) {
            assertTrue(runs(roomy, request, i));
        }
        assertFalse(runs(roomy, request, 1));
        assertTrue(runs(roomy, request, 0));
    }

    private RpcDispatcher filledByClientsWithOneCallEach(int clients, Consumer<FakeRequest> end)
            throws MalformedMessageException {
        RpcDispatcher full = new RpcDispatcher(List.of(new EchoProgram()), cacheOf(clients, clients));
        for (int i = 0; i < clients; i++) {
            FakeRequest one = new FakeRequest("127.0.0.1:" + (1 + i), new Object());
            assertTrue(runs(full, one, i));
            end.accept(one);
        }
        return full;
    }

    private void assertRemembersTwoCallsOfAnotherClient(RpcDispatcher full) throws MalformedMessageException {
        assertTrue(runs(full, request, 1_000));
        assertTrue(runs(full, request, 1_001));
        assertFalse(runs(full, request, 1_000));
        assertFalse(runs(full, request, 1_001));
    }

    @Test
    void repliesPastTheirTimeTakeNoRoomFromOtherClients() throws MalformedMessageException {
        RpcDispatcher full = filledByClientsWithOneCallEach(100, one -> {});
        now = now.plus(DuplicateRequestCache.AGE_MAX).plusSeconds(1);
        assertRemembersTwoCallsOfAnotherClient(full);
    }

    @Test
    void repliesOnConnectionsThatEndedInOrderTakeNoRoomFromOtherClients() throws MalformedMessageException {
        List<FakeRequest> left = new ArrayList<>();
        RpcDispatcher full = filledByClientsWithOneCallEach(100, left::add);
        left.forEach(one -> full.ended(one.peer(), true));
        assertRemembersTwoCallsOfAnotherClient(full);
    }

    /** An identity of a client that counts how often the cache looks it up. */
    private record CountedClient(int number, AtomicInteger lookups) {
        @Override
        public int hashCode() {
            lookups.incrementAndGet();
            return number;
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }
    }

    @Test
    void callOfOneAmongThousandsOfClientsWithEqualSharesLooksAtFewOfThem() throws MalformedMessageException {
        int clients = 2_000;
        RpcDispatcher full = new RpcDispatcher(List.of(new EchoProgram()), cacheOf(clients, clients));
        AtomicInteger lookups = new AtomicInteger();
        List<FakeRequest> requests = IntStream.range(0, clients)
                .mapToObj(i -> new FakeRequest("10.0.0.2:" + (1 + i), new CountedClient(i, lookups)))
                .toList();
        for (int i = 0; i < clients; i++) {
            assertTrue(runs(full, requests.get(i), i));
        }
        lookups.set(0);
        for (int i = 1; i <= 1_000; i++) {
            // Always the client whose last call is the longest ago.
            assertTrue(runs(full, requests.get(clients - i), clients + i));
        }
        assertTrue(lookups.get() < 10_000, lookups + " lookups");
    }

    @Test
    void sameXidOfAnotherClientOrWithAnotherCallIsAnotherCall() throws MalformedMessageException {
        dispatch(once(XID, "0000002a"));
        dispatch(new FakeRequest("10.0.0.2:700"), once(XID, "0000002a"));
        dispatch(once(XID, "0000002b"));
        dispatch(once("00000008", "0000002a"));
        assertEquals(4, calls.size());
    }

    @Test
    void retransmissionOfARunningCallWaitsForIt() throws MalformedMessageException {
        hold = true;
        dispatch(once(XID, "0000002a"));
        request.peer().ended(false);
        FakeRequest reconnected = new FakeRequest("10.0.0.1:701");
        dispatch(reconnected, once(XID, "0000002a"));
        assertEquals(List.of(), reconnected.replies);
        held.remove(0).run();
        assertEquals(1, calls.size());
        assertEquals(request.replies, reconnected.replies);
        assertEquals(1, reconnected.replies.size());
    }

    @Test
    void callThatEndedWithoutAReplyIsRunWhenItIsSentAgain() throws MalformedMessageException {
        hold = true;
        dispatch(once(XID, "0000002a"));
        FakeRequest reconnected = new FakeRequest("10.0.0.1:700");
        dispatch(reconnected, once(XID, "0000002a"));
        request.whenEnded.run();
        assertEquals(1, reconnected.dropped, "who waited for the reply");
        hold = false;
        assertEquals(1, dispatch(reconnected, once(XID, "0000002a")).size());
        assertEquals(2, calls.size());
    }

    @Test
    void onlyTheLatestCallsAreRemembered() throws MalformedMessageException {
        for (int i = 0; i < 5; i++) {
            dispatch(once(HexFormat.of().toHexDigits(i), "0000002a"));
        }
        dispatch(once("00000004", "0000002a"));
        assertEquals(5, calls.size());
        dispatch(once("00000000", "0000002a"));
        assertEquals(6, calls.size());
    }

    @Test
    void damagedCallsAreAnsweredOnceOrEndTheConnection() throws Exception {
        byte[] call = HexFormat.of()
                .parseHex(String.join("", authSys("00000001" + "00000000" + "000003e8" + "000003e8" + "00000000")));
        Seeds.run(seed -> {
            Random random = new Random(seed);
            for (int i = 0; i < 100_000; i++) {
                byte[] damaged = call.clone();
                for (int damage = random.nextInt(4); damage >= 0; damage--) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                }
                FakeRequest to = new FakeRequest("10.0.0.1:700");
                try {
                    ByteBuf message = Unpooled.wrappedBuffer(damaged, 0, random.nextInt(damaged.length + 1));
                    dispatcher.dispatch(message, to.peer(), to, ALLOCATOR);
                    assertEquals(1, to.replies.size());
                } catch (MalformedMessageException e) {
                    assertEquals(0, to.replies.size());
                }
            }
        });
    }
}
