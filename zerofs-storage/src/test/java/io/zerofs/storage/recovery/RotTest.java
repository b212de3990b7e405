// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Damages each object of a small volume at each place. Then the volume opens and every read returns the right bytes, or an
 * error names the object. Once the object is restored, all is well.
 */
@Timeout(3600)
class RotTest {
    private static final int SAMPLES = 40;

    /** Damages of which one is undone again, to save time. */
    private static final int RESTORED_OF = 5;

    private static final int NUMBERS = 9;
    private static final int LAST = NUMBERS - 1;

    /** Damage to an object. */
    private enum Way {
        FLIPPED,
        CUT,
        LONGER,
        OTHER_OBJECT,
        DELETED
    }

    /** @param bytes the object from now on; null if it is deleted */
    private record Damage(String object, Way way, int at, byte[] bytes) {
        @Override
        public String toString() {
            return object + " " + way + " at " + at;
        }
    }

    /** The outcome of an opening and of all reads. */
    private enum Outcome {
        RIGHT_BYTES,
        READ_ERROR,
        OPEN_ERROR,
        OLDER_STATE
    }

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private final Map<String, byte[]> sound = new LinkedHashMap<>();
    private final List<String> texts = new ArrayList<>();

    /** Every kind of object: commits with full frames and deltas, before and after a checkpoint, and two fences. */
    @BeforeEach
    void fill() throws Exception {
        Process first = fixture.process().open();
        for (int i = 0; i < 4; i++) {
            first.write(i, "text" + i).barrier();
        }
        first.write(0, "TEXT0").barrier().checkpoint().kill();
        Process second = fixture.process().open();
        for (int i = 4; i < LAST; i++) {
            second.write(i, "text" + i).barrier();
        }
        second.write(1, "TEXT1").barrier().checkpoint().write(2, "TEXT2").barrier();
        second.kill();
        Process third = fixture.process().open();
        // The last commit has nothing else, so its loss is seen as such.
        third.write(LAST, "last").barrier().kill();
        for (int i = 0; i < LAST; i++) {
            texts.add((i < 3 ? "TEXT" : "text") + i);
        }
        texts.add("last");
        for (String name : fixture.names("")) {
            sound.put(name, fixture.bytes(name));
        }
    }

    @Test
    void damageIsNamedOrDoesNotMatter() throws Exception {
        List<Damage> all = damages();
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < SAMPLES; i++) {
                check(all.get(random.nextInt(all.size())), random.nextInt(8), true);
            }
        });
    }

    @Tag("slow")
    @Test
    void damageAtEveryByteIsNamedOrDoesNotMatter() throws Exception {
        List<Damage> all = damages();
        Map<Way, Map<Outcome, Integer>> counts = new EnumMap<>(Way.class);
        for (int i = 0; i < all.size(); i++) {
            Outcome outcome = check(all.get(i), i % 8, i % RESTORED_OF == 0);
            counts.computeIfAbsent(all.get(i).way(), any -> new EnumMap<>(Outcome.class))
                    .merge(outcome, 1, Integer::sum);
        }
        System.out.println("damage to " + sound.size() + " objects: " + counts);
    }

    @Test
    void runningVolumeNamesTheDamageAtEveryByteOfItsData() throws Exception {
        Process reader = fixture.process();
        reader.settings = reader.settings.with(
                reader.settings.engine().with(reader.settings.engine().memory().withPageCacheBytes(0)));
        reader.open();
        Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
        for (Damage damage : damages()) {
            if (damage.object().startsWith(CommitId.PREFIX)) {
                fixture.bucket.delete(List.of(damage.object()));
                if (damage.bytes() != null) {
                    fixture.replace(damage.object(), flipped(damage, damage.at() % 8));
                }
                counts.merge(read(reader, damage), 1, Integer::sum);
                assertFalse(reader.stopped.isDone(), damage::toString);
                fixture.replace(damage.object(), sound.get(damage.object()));
                assertEquals(texts, reader.readAll(NUMBERS), damage::toString);
            }
        }
        reader.write(0, "after all").barrier().checkpoint();
        assertTrue(counts.containsKey(Outcome.READ_ERROR), () -> "no read met the damage: " + counts);
    }

    private List<Damage> damages() {
        List<Damage> all = new ArrayList<>();
        sound.forEach((name, bytes) -> {
            for (int at = 0; at < bytes.length; at++) {
                all.add(new Damage(name, Way.FLIPPED, at, bytes));
                all.add(new Damage(name, Way.CUT, at, Arrays.copyOf(bytes, at)));
            }
            all.add(new Damage(name, Way.LONGER, bytes.length, Arrays.copyOf(bytes, bytes.length + 1)));
            all.add(new Damage(name, Way.DELETED, 0, null));
            for (String other : sound.keySet()) {
                if (!other.equals(name) && kind(other).equals(kind(name))) {
                    all.add(new Damage(name, Way.OTHER_OBJECT, 0, sound.get(other)));
                }
            }
        });
        return all;
    }

    private static String kind(String name) {
        return name.substring(0, name.indexOf('/') + 1);
    }

    private static byte[] flipped(Damage damage, int bit) {
        byte[] bytes = damage.bytes().clone();
        if (damage.way() == Way.FLIPPED) {
            bytes[damage.at()] ^= (byte) (1 << bit);
        }
        return bytes;
    }

    private Outcome check(Damage damage, int bit, boolean restore) throws Exception {
        try (LifecycleFixture own = new LifecycleFixture()) {
            MemoryObjectStore bucket = own.bucket;
            for (Map.Entry<String, byte[]> object : sound.entrySet()) {
                if (!object.getKey().equals(damage.object())) {
                    own.replace(object.getKey(), object.getValue());
                } else if (damage.bytes() != null) {
                    own.replace(damage.object(), flipped(damage, bit));
                }
            }
            Process reader = own.process(own.newDirectory(), bucket);
            Outcome outcome = openAndRead(reader, damage);
            assertFalse(reader.stopped.isDone(), damage::toString);
            reader.kill();
            if (restore && outcome != Outcome.OLDER_STATE) {
                own.replace(damage.object(), sound.get(damage.object()));
                Process again = own.process(own.newDirectory(), bucket).open();
                assertEquals(texts, again.readAll(NUMBERS), () -> damage + ", restored");
                again.kill();
            }
            return outcome;
        } catch (OpenException | VolumeException e) {
            throw new AssertionError(damage.toString(), e);
        }
    }

    private Outcome openAndRead(Process reader, Damage damage) {
        try {
            reader.open();
        } catch (OpenException e) {
            assertTrue(e.getMessage().contains(damage.object()), () -> damage + ": " + e.getMessage());
            boolean lost = damage.way() == Way.DELETED && e.kind() == OpenException.Kind.LOST_OBJECT;
            assertTrue(lost || e.kind() == OpenException.Kind.DAMAGED_OBJECT, () -> damage + ": " + e);
            return Outcome.OPEN_ERROR;
        }
        return read(reader, damage);
    }

    private Outcome read(Process reader, Damage damage) {
        Outcome outcome = Outcome.RIGHT_BYTES;
        for (int i = 0; i < NUMBERS; i++) {
            try {
                String text = reader.read(i);
                if (i == LAST && text == null && isDeletedEnd(damage)) {
                    outcome = Outcome.OLDER_STATE;
                } else {
                    assertEquals(texts.get(i), text, damage::toString);
                }
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.CORRUPT, e.kind(), () -> damage + ": " + e);
                assertTrue(e.getMessage().contains(damage.object()), () -> damage + ": " + e.getMessage());
                outcome = Outcome.READ_ERROR;
            }
        }
        return outcome;
    }

    /** A store without its newest commit is an older state of itself, which only the cache directory can reveal. */
    private boolean isDeletedEnd(Damage damage) {
        String last = sound.keySet().stream()
                .filter(name -> name.startsWith(CommitId.PREFIX))
                .reduce("", (a, b) -> b);
        return damage.way() == Way.DELETED && damage.object().equals(last);
    }
}
