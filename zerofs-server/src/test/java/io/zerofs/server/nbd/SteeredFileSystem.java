// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.net.BarrierThread;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A real file system that a test can stop before an operation, and before the answer to a barrier. */
final class SteeredFileSystem {
    private final VirtualFileSystem real;
    private final Map<String, Before> hooks = new ConcurrentHashMap<>();
    private final Queue<CompletableFuture<Void>> heldBarriers = new ConcurrentLinkedQueue<>();
    private volatile boolean holdBarriers;

    /** The action before an operation. It gets the operation's arguments. */
    @FunctionalInterface
    interface Before {
        void operation(Object[] arguments) throws Exception;
    }

    SteeredFileSystem(VirtualFileSystem real) {
        this.real = real;
    }

    VirtualFileSystem files() {
        return (VirtualFileSystem) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {VirtualFileSystem.class},
                (proxy, method, arguments) -> invoke(method, arguments));
    }

    /** Runs the task before each call of the operation with this name. It replaces an earlier task. */
    void before(String operation, Before hook) {
        hooks.put(operation, hook);
    }

    /** Barriers are done but not answered from now on. */
    void holdBarriers() {
        holdBarriers = true;
    }

    int barriersHeld() {
        return heldBarriers.size();
    }

    /** Answers the barriers held so far, with an error if there is one. */
    void releaseBarriers(Exception failure) throws InterruptedException {
        holdBarriers = false;
        for (CompletableFuture<Void> held = heldBarriers.poll(); held != null; held = heldBarriers.poll()) {
            BarrierThread.complete(held, failure);
        }
    }

    private Object invoke(Method method, Object[] arguments) throws Throwable {
        Before hook = hooks.get(method.getName());
        if (hook != null) {
            hook.operation(arguments);
        }
        try {
            Object result = method.invoke(real, arguments);
            if (holdBarriers && method.getName().equals("barrier")) {
                CompletableFuture<Void> held = new CompletableFuture<>();
                heldBarriers.add(held);
                return held;
            }
            return result;
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
