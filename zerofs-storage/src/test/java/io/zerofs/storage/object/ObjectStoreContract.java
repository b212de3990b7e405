// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStore.StoredObject;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of every object store. Each implementation has a subclass, which overrides a deviation with its reason. */
public abstract class ObjectStoreContract {
    protected static final IfAbsent IF_ABSENT = new IfAbsent();
    private static final int RACERS = 16;
    private static final int SIZE_MAX = 1 << 20;

    protected ObjectStore store;

    /** A store without any object that no other test uses. */
    protected abstract ObjectStore openEmpty() throws Exception;

    /** How often each race is run; more for stores that are fast. */
    protected int raceRounds() {
        return 20;
    }

    @BeforeEach
    void open() throws Exception {
        store = openEmpty();
    }

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    @Test
    protected void putBytesAreReadBack() throws Exception {
        assertEquals(PutOutcome.STORED, put("a/b", "hello"));
        assertEquals("hello", get("a/b"));
    }

    @Test
    protected void aPutReadsItsBuffersFromPositionToLimitAndLeavesThemAlone() throws Exception {
        ByteBuffer heap = bytes("xxhello yy").position(2).limit(8);
        ByteBuffer direct = ByteBuffer.allocateDirect(5).put(bytes("world")).flip();
        ByteBuffer readOnly = bytes("!").asReadOnlyBuffer();
        List<ByteBuffer> buffers = List.of(heap, direct, ByteBuffer.allocate(0), readOnly);
        assertEquals(PutOutcome.STORED, store.put("object", buffers, IF_ABSENT));
        assertEquals("hello world!", get("object"));
        assertEquals(2, heap.position());
        assertEquals(8, heap.limit());
        assertEquals(5, direct.remaining());
        assertEquals(PutOutcome.STORED, store.put("again", buffers, IF_ABSENT));
        assertEquals("hello world!", get("again"));
    }

    @Test
    protected void anEmptyObjectIsAnObject() throws Exception {
        assertEquals(PutOutcome.STORED, store.put("empty", List.of(), IF_ABSENT));
        assertEquals(0, store.get("empty", SIZE_MAX).bytes().remaining());
        assertEquals(List.of(new ObjectInfo("empty", 0)), store.list("", "", 10));
        assertEquals(PutOutcome.REFUSED, store.put("empty", List.of(), IF_ABSENT));
        assertFails(Kind.TRUNCATED, () -> store.getRange("empty", 0, 1));
    }

    @Test
    protected void anObjectIsCreatedOnce() throws Exception {
        assertEquals(PutOutcome.STORED, put("object", "first"));
        assertEquals(PutOutcome.REFUSED, put("object", "second"));
        assertEquals(PutOutcome.REFUSED, put("object", "first"));
        assertEquals("first", get("object"));
    }

    @Test
    protected void anObjectIsReplacedOnlyInTheVersionThatWasRead() throws Exception {
        put("object", "1");
        String first = store.get("object", SIZE_MAX).version();
        assertEquals(PutOutcome.STORED, replace("object", "2", first));
        assertEquals("2", get("object"));
        String second = store.get("object", SIZE_MAX).version();
        assertNotEquals(first, second);
        assertEquals(PutOutcome.REFUSED, replace("object", "3", first));
        assertEquals("2", get("object"));
        assertEquals(second, store.getRange("object", 0, 1).version());
        assertEquals(PutOutcome.STORED, replace("object", "3", second));
        assertEquals("3", get("object"));
    }

    @Test
    protected void anObjectThatIsGoneIsNotReplaced() throws Exception {
        put("object", "1");
        String version = store.get("object", SIZE_MAX).version();
        store.delete(List.of("object"));
        assertEquals(PutOutcome.REFUSED, replace("object", "2", version));
        assertFails(Kind.NOT_FOUND, () -> store.get("object", SIZE_MAX));
    }

    @Test
    protected void aDeletedNameCanBeCreatedAgain() throws Exception {
        put("object", "1");
        store.delete(List.of("object"));
        assertEquals(PutOutcome.STORED, put("object", "2"));
        assertEquals("2", get("object"));
    }

    @Test
    protected void oneOfManyCreatorsWinsAndItsBytesStay() throws Exception {
        for (int round = 0; round < raceRounds(); round++) {
            String name = "race/create-" + round;
            List<Attempt> attempts = race(racer -> attempt(name, "racer " + racer, IF_ABSENT));
            assertOneWon(attempts, get(name));
        }
    }

    @Test
    protected void oneOfManyReplacersWins() throws Exception {
        put("race", "start");
        for (int round = 0; round < raceRounds(); round++) {
            IfVersion current = new IfVersion(store.get("race", SIZE_MAX).version());
            String text = "round " + round + " racer ";
            List<Attempt> attempts = race(racer -> attempt("race", text + racer, current));
            assertOneWon(attempts, get("race"));
        }
    }

    /**
     * Each racer appends its steps to one object. After an answer without an outcome it reads whether the step is
     * there.
     */
    @Test
    protected void aListAppendedToByManyLosesNoStep() throws Exception {
        int steps = Math.max(2, raceRounds() / 5);
        put("list", "");
        race(racer -> {
            for (int done = 0; done < steps; ) {
                StoredObject current = store.get("list", SIZE_MAX);
                String step = "<" + racer + "." + done + ">";
                if (text(current).contains(step)) {
                    done++;
                } else {
                    attempt("list", text(current) + step, new IfVersion(current.version()));
                }
            }
            return null;
        });
        String all = get("list");
        assertEquals(RACERS * steps, all.chars().filter(c -> c == '<').count(), all);
        assertEquals(RACERS * steps, new HashSet<>(List.of(all.split(">"))).size(), all);
    }

    /** The outcome of a put in a race. A store may answer that it does not know the outcome. */
    protected enum Attempt {
        STORED,
        REFUSED,
        UNKNOWN
    }

    private Attempt attempt(String name, String body, ObjectStore.PutCondition condition) throws ObjectStoreException {
        try {
            return store.put(name, List.of(bytes(body)), condition) == PutOutcome.STORED
                    ? Attempt.STORED
                    : Attempt.REFUSED;
        } catch (ObjectStoreException e) {
            if (e.kind() != Kind.UNKNOWN_OUTCOME) {
                throw e;
            }
            return Attempt.UNKNOWN;
        }
    }

    /** The racer whose number ends the object's text got this answer, or none. No other racer got it. */
    private static void assertOneWon(List<Attempt> attempts, String text) {
        int winner = Integer.parseInt(text.substring(text.lastIndexOf(' ') + 1));
        assertNotEquals(Attempt.REFUSED, attempts.get(winner), () -> text + ": " + attempts);
        long stored = attempts.stream().filter(Attempt.STORED::equals).count();
        assertEquals(attempts.get(winner) == Attempt.STORED ? 1 : 0, stored, () -> text + ": " + attempts);
    }

    @Test
    protected void aReaderSeesAnObjectWholeOrNotAtAll() throws Exception {
        int size = 256 << 10;
        race(racer -> {
            for (int round = 0; round < Math.max(2, raceRounds() / 5); round++) {
                String name = "whole/" + round;
                byte[] body = new byte[size];
                java.util.Arrays.fill(body, (byte) racer);
                store.put(name, List.of(ByteBuffer.wrap(body)), IF_ABSENT);
                ByteBuffer read = store.get(name, SIZE_MAX).bytes();
                assertEquals(size, read.remaining());
                assertEquals(read.get(0), read.get(size - 1));
            }
            return null;
        });
    }

    @Test
    protected void aBigObjectIsStoredInOnePutAndReadByRanges() throws Exception {
        byte[] body = new byte[(24 << 20) + 12345];
        new Random(7).nextBytes(body);
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int at = 0; at < body.length; at += 256 << 10) {
            pieces.add(ByteBuffer.wrap(body, at, Math.min(256 << 10, body.length - at)));
        }
        assertEquals(PutOutcome.STORED, store.put("big", pieces, IF_ABSENT));
        assertEquals(ByteBuffer.wrap(body), store.get("big", body.length).bytes());
        for (int at = 0; at < body.length; at += 5_000_001) {
            int length = Math.min(100_001, body.length - at);
            assertEquals(
                    ByteBuffer.wrap(body, at, length),
                    store.getRange("big", at, length).bytes());
        }
    }

    @Test
    protected void aRangeIsExact() throws Exception {
        put("object", "0123456789");
        assertEquals("0123456789", text(store.getRange("object", 0, 10)));
        assertEquals("0", text(store.getRange("object", 0, 1)));
        assertEquals("456", text(store.getRange("object", 4, 3)));
        assertEquals("9", text(store.getRange("object", 9, 1)));
        assertEquals(
                store.get("object", 10).version(),
                store.getRange("object", 3, 3).version());
    }

    @Test
    protected void aRangeBeyondTheEndIsTruncated() throws Exception {
        put("object", "0123456789");
        assertFails(Kind.TRUNCATED, () -> store.getRange("object", 0, 11));
        assertFails(Kind.TRUNCATED, () -> store.getRange("object", 9, 2));
        assertFails(Kind.TRUNCATED, () -> store.getRange("object", 10, 1));
        assertFails(Kind.TRUNCATED, () -> store.getRange("object", 1L << 40, 1));
    }

    @Test
    protected void aMissingObjectIsNotFound() throws Exception {
        put("folder/object", "x");
        for (String name : List.of("none", "folder", "folder/none", "none/none", "object")) {
            assertFails(Kind.NOT_FOUND, () -> store.get(name, SIZE_MAX));
            assertFails(Kind.NOT_FOUND, () -> store.getRange(name, 0, 1));
        }
    }

    @Test
    protected void anObjectLargerThanAcceptedIsNotRead() throws Exception {
        put("object", "0123456789");
        assertFails(Kind.TOO_LARGE, () -> store.get("object", 9));
        assertEquals("0123456789", text(store.get("object", 10)));
        put("empty", "");
        assertEquals("", text(store.get("empty", 0)));
    }

    @Test
    protected void aListIsInByteOrderAndPaged() throws Exception {
        List<String> names = List.of(
                "A", "Z/z", "_", "a-/x", "a-b", "a.b/c", "a/0", "a/a/a", "a/b", "a0", "aa", "b-", "b.", "b/1", "b/10",
                "b/2", "c/-", "c/.x", "c/0", "z");
        for (String name :
                names.stream().sorted(java.util.Comparator.reverseOrder()).toList()) {
            put(name, "12345");
        }
        List<String> sorted = names.stream().sorted().toList();
        assertEquals(sorted, list("", "", 100));
        assertEquals(List.of("a/0", "a/a/a", "a/b"), list("a/", "", 100));
        assertEquals(sorted.stream().filter(name -> name.startsWith("a")).toList(), list("a", "", 100));
        assertEquals(List.of("b/1", "b/10"), list("b/1", "", 100));
        assertEquals(List.of(), list("none/", "", 100));
        for (int page = 1; page <= names.size() + 1; page++) {
            List<String> paged = new ArrayList<>();
            for (List<String> next = list("", "", page); !next.isEmpty(); ) {
                paged.addAll(next);
                next = next.size() < page ? List.of() : list("", next.get(next.size() - 1), page);
            }
            assertEquals(sorted, paged);
        }
        assertEquals(5, store.list("a/", "", 1).get(0).size());
    }

    @Test
    protected void aListContinuesAfterANameThatNeedNotExist() throws Exception {
        for (String name : List.of("a/1", "a/3", "a/5", "b/1")) {
            put(name, "");
        }
        assertEquals(List.of("a/3", "a/5"), list("a/", "a/1", 10));
        assertEquals(List.of("a/3", "a/5"), list("a/", "a/2", 10));
        assertEquals(List.of("a/1", "a/3", "a/5"), list("a/", "Z", 10));
        assertEquals(List.of(), list("a/", "a/5", 10));
        assertEquals(List.of(), list("a/", "b", 10));
        assertEquals(List.of("b/1"), list("", "a/5", 10));
    }

    @Test
    protected void aListMayBeLongerThanAPageOfTheStore() throws Exception {
        int count = listedObjects();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            names.add("many/" + String.format("%06d", i));
        }
        inParallel(names, name -> put(name, ""));
        assertEquals(names.stream().sorted().toList(), list("many/", "", count + 1));
        assertEquals(Map.of(), store.delete(names));
        assertEquals(List.of(), list("many/", "", 10));
    }

    /** More than S3 puts on a page and accepts in one delete. */
    protected int listedObjects() {
        return 1_100;
    }

    @Test
    protected void deletedObjectsAreGoneAndMissingOnesCountAsDeleted() throws Exception {
        for (String name : List.of("a/1", "a/2", "a/3", "b")) {
            put(name, "x");
        }
        assertEquals(Map.of(), store.delete(List.of("a/1", "a/3", "a/none", "none/none")));
        assertEquals(List.of("a/2", "b"), list("", "", 10));
        assertFails(Kind.NOT_FOUND, () -> store.get("a/1", SIZE_MAX));
        assertEquals(Map.of(), store.delete(List.of()));
        assertEquals(Map.of(), store.delete(List.of("a/1", "b")));
        assertEquals(List.of("a/2"), list("", "", 10));
    }

    @Test
    protected void namesOfAllKindsArePossible() throws Exception {
        String longest = "s".repeat(ObjectName.SEGMENT_LENGTH_MAX);
        List<String> names = List.of(
                "0",
                "UPPER/lower",
                ".hidden",
                "-",
                "a..b",
                "a/.b./c_d-e",
                "sst/00000001-000123-0a0b.sst",
                longest,
                longest.substring(1) + "/" + longest);
        for (String name : names) {
            assertEquals(PutOutcome.STORED, put(name, name), name);
        }
        for (String name : names) {
            assertEquals(name, get(name));
        }
        assertEquals(names.stream().sorted().toList(), list("", "", 100));
    }

    @Test
    protected void invalidNamesAreRefusedWithoutARequest() {
        for (String name : List.of("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a b", "a\0", "ä", "a~", "a\\b")) {
            assertThrows(IllegalArgumentException.class, () -> put(name, ""), name);
            assertThrows(IllegalArgumentException.class, () -> store.get(name, 1), name);
            assertThrows(IllegalArgumentException.class, () -> store.getRange(name, 0, 1), name);
            assertThrows(IllegalArgumentException.class, () -> store.delete(List.of(name)), name);
        }
    }

    protected final PutOutcome put(String name, String body) throws ObjectStoreException {
        return store.put(name, List.of(bytes(body)), IF_ABSENT);
    }

    protected final PutOutcome replace(String name, String body, String version) throws ObjectStoreException {
        return store.put(name, List.of(bytes(body)), new IfVersion(version));
    }

    protected final String get(String name) throws ObjectStoreException {
        return text(store.get(name, SIZE_MAX));
    }

    protected final List<String> list(String prefix, String after, int max) throws ObjectStoreException {
        return store.list(prefix, after, max).stream().map(ObjectInfo::name).toList();
    }

    protected static String text(StoredObject object) {
        return StandardCharsets.UTF_8.decode(object.bytes().duplicate()).toString();
    }

    protected static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    protected interface Request<T> {
        T send() throws Exception;
    }

    protected static ObjectStoreException assertFails(Kind kind, Request<?> request) {
        ObjectStoreException e = assertThrows(ObjectStoreException.class, request::send);
        assertEquals(kind, e.kind(), e::getMessage);
        return e;
    }

    protected interface Racer<T> {
        T run(int racer) throws Exception;
    }

    /** Runs all racers at once, and returns what each of them returned. */
    protected static <T> List<T> race(Racer<T> racer) throws Exception {
        CyclicBarrier start = new CyclicBarrier(RACERS);
        List<Callable<T>> calls = new ArrayList<>();
        for (int i = 0; i < RACERS; i++) {
            int number = i;
            calls.add(() -> {
                start.await();
                return racer.run(number);
            });
        }
        return all(calls);
    }

    private interface NameAction {
        Object apply(String name) throws Exception;
    }

    private static void inParallel(Collection<String> names, NameAction action) throws Exception {
        List<Callable<Object>> calls = new ArrayList<>();
        names.forEach(name -> calls.add(() -> action.apply(name)));
        assertTrue(all(calls).stream().allMatch(PutOutcome.STORED::equals));
    }

    private static <T> List<T> all(List<Callable<T>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(RACERS);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
