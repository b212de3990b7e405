// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.trace.Trace;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.net.FileOperation;
import io.zerofs.server.net.Origin;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Carries out operations and adds them to a trace. It knows the paths of files that clients looked up or created while a
 * trace ran, and shows other files by their inode. Thread-safe.
 */
final class OperationTrace implements InvocationHandler {
    private static final int PATHS_MAX = 10_000;
    private static final int DEPTH_MAX = 64;

    private record Place(InodeId directory, FileName name) {}

    private final VirtualFileSystem files;
    private final Trace<FileOperation> trace;

    /** The places where files were seen. The oldest one makes way. Guarded by itself. */
    private final Map<InodeId, Place> places = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<InodeId, Place> eldest) {
            return size() > PATHS_MAX;
        }
    };

    OperationTrace(VirtualFileSystem files, Trace<FileOperation> trace) {
        this.files = files;
        this.trace = trace;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        Object[] given = arguments == null ? new Object[0] : arguments;
        String target = target(given);
        long begin = System.nanoTime();
        try {
            Object result = method.invoke(files, given);
            learn(method, given, result);
            if (result instanceof CompletableFuture<?> later) {
                // The client waits for its end.
                String client = Origin.current();
                later.whenComplete(
                        (done, failure) -> add(client, method, target, begin, failure == null ? "ok" : "io"));
            } else {
                add(Origin.current(), method, target, begin, "ok");
            }
            return result;
        } catch (InvocationTargetException e) {
            // An operation that would block is carried out again, by another thread.
            if (!(e.getCause() instanceof WouldBlockException)) {
                String outcome = e.getCause() instanceof FsException failure
                        ? failure.error().name().toLowerCase(Locale.ROOT)
                        : "failed";
                add(Origin.current(), method, target, begin, outcome);
            }
            throw e.getCause();
        }
    }

    private void add(String client, Method method, String target, long begin, String outcome) {
        trace.add(new FileOperation(client, method.getName(), target, System.nanoTime() - begin, outcome));
    }

    /** Returns the files and the range of bytes of an operation. */
    private String target(Object[] arguments) {
        StringBuilder target = new StringBuilder();
        for (Object argument : arguments) {
            if (argument instanceof InodeId inode) {
                target.append(target.isEmpty() ? "" : " ").append(path(inode));
            } else if (argument instanceof FileName name) {
                boolean inRoot = target.length() == 1 || target.toString().endsWith(" /");
                target.append(inRoot ? "" : "/").append(name);
            } else if (argument instanceof Long number) {
                target.append(' ').append(number);
            } else if (argument instanceof ByteBuffer data) {
                target.append('+').append(data.remaining());
            }
        }
        return target.toString();
    }

    private String path(InodeId inode) {
        StringBuilder path = new StringBuilder();
        InodeId next = inode;
        synchronized (places) {
            for (int depth = 0; depth < DEPTH_MAX && !next.equals(files.root()); depth++) {
                Place place = places.get(next);
                if (place == null) {
                    break;
                }
                path.insert(0, "/" + place.name());
                next = place.directory();
            }
        }
        if (next.equals(files.root())) {
            return path.isEmpty() ? "/" : path.toString();
        }
        return "inode " + next.number() + path;
    }

    private void learn(Method method, Object[] arguments, Object result) {
        Attributes node = result instanceof Attributes attributes
                ? attributes
                : result instanceof Creation creation
                        ? creation.node()
                        : result instanceof HeldCreation held ? held.creation().node() : null;
        synchronized (places) {
            if (method.getName().equals("rename")) {
                places.clear(); // Paths below it changed.
            } else if (node != null
                    && arguments.length >= 3
                    && arguments[1] instanceof InodeId directory
                    && arguments[2] instanceof FileName name
                    && !name.toString().startsWith("..")) {
                places.put(node.id(), new Place(directory, name));
            }
        }
    }
}
