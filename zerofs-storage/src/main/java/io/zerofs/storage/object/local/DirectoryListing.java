// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.storage.object.ObjectName;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/** One page of a list: walks the directory in the order of whole names, and no further than the page needs. */
final class DirectoryListing {
    private final Path root;
    private final String prefix;
    private final String after;
    private final int max;
    private final List<ObjectInfo> page = new ArrayList<>();

    DirectoryListing(Path root, String prefix, String after, int max) {
        this.root = root;
        this.prefix = prefix;
        this.after = after;
        this.max = max;
    }

    List<ObjectInfo> read() throws IOException {
        walk("");
        return page;
    }

    /**
     * Adds the objects below a directory, whose name is empty or ends with a slash. The walk visits names in their order.
     * But objects in the directory {@code a} come after {@code a-} and {@code a.}, because these sort before {@code a/}.
     * Such directories wait on a stack, the first in order on top.
     */
    private void walk(String directory) throws IOException {
        Deque<String> waiting = new ArrayDeque<>();
        for (String name : namesIn(directory)) {
            while (!waiting.isEmpty() && waiting.peek().compareTo(name) < 0) {
                walk(waiting.pop());
            }
            if (page.size() == max) {
                return;
            }
            visit(name, waiting);
        }
        while (!waiting.isEmpty() && page.size() < max) {
            walk(waiting.pop());
        }
    }

    private void visit(String name, Deque<String> waiting) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(root.resolve(name), BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return; // deleted meanwhile
        }
        if (attributes.isDirectory()) {
            waiting.push(name + "/");
        } else if (attributes.isRegularFile() && name.startsWith(prefix) && name.compareTo(after) > 0) {
            page.add(new ObjectInfo(name, attributes.size()));
        }
    }

    private List<String> namesIn(String directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(directory))) {
            for (Path entry : entries) {
                String segment = entry.getFileName().toString();
                String name = directory + segment;
                if (ObjectName.isSegment(segment) && mayMatter(name)) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            if (directory.isEmpty()) {
                throw e; // the store itself is gone, and must not look empty
            }
            return List.of(); // removed meanwhile
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        return names;
    }

    /** Returns whether the name, or a name below it, can be on the page. Decides this without the disk. */
    private boolean mayMatter(String name) {
        boolean matchesPrefix = name.startsWith(prefix) || prefix.startsWith(name + "/");
        return matchesPrefix && (name.compareTo(after) > 0 || (name + "0").compareTo(after) > 0);
    }
}
