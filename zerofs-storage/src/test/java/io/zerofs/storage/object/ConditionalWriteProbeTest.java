// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.object.ConditionalWriteProbe.Verdict;
import io.zerofs.storage.object.Fault.Fate;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConditionalWriteProbeTest {
    private final MemoryObjectStore memory = new MemoryObjectStore();

    @Test
    void aStoreThatHonoursConditionsPassesAndNothingIsLeft() throws Exception {
        assertEquals(Verdict.HONOURED, probe(memory));
        assertEquals(List.of(), memory.list("", "", 9));
    }

    @Test
    void aLostAnswerIsNotTakenForABadStore() throws Exception {
        FaultyObjectStore faulty = new FaultyObjectStore(memory, 3);
        faulty.setFaults(Fault.on(StoreOperation.PUT, "", 0.5, new Fault.UnknownOutcome(Fate.APPLIED)));
        ObjectStore retrying =
                new RetryingObjectStore(faulty, RetrySettings.DEFAULTS, new ManualMonotonicClock(), new Random(1));
        for (int seed = 0; seed < 50; seed++) {
            assertEquals(Verdict.HONOURED, ConditionalWriteProbe.probe(retrying, new Random(seed)));
        }
    }

    @Test
    void aStoreThatIgnoresIfAbsentIsFoundOut() throws Exception {
        assertEquals(Verdict.CREATE_NOT_EXCLUSIVE, probe(new ForwardingObjectStore(memory) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                store.delete(List.of(name));
                return store.put(name, bytes, new IfAbsent());
            }
        }));
    }

    @Test
    void aStoreThatIgnoresIfVersionIsFoundOut() throws Exception {
        assertEquals(Verdict.REPLACE_NOT_CONDITIONAL, probe(new ForwardingObjectStore(memory) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                if (condition instanceof IfVersion) {
                    store.delete(List.of(name));
                }
                return store.put(name, bytes, new IfAbsent());
            }
        }));
    }

    private static Verdict probe(ObjectStore store) throws ObjectStoreException {
        return ConditionalWriteProbe.probe(store, new Random(11));
    }
}
