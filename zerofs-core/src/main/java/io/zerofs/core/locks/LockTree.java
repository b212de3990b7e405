// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import io.zerofs.core.runtime.Machine;
import java.util.Random;

/**
 * Byte-range locks of one kind on one file, ordered by their first bytes. Finds a conflicting lock in logarithmic time,
 * however many locks the asking holder itself has there. Guarded by {@link ByteRangeLocks}.
 *
 * <p>A treap: each node knows the last byte of all locks in its subtree, and their only holder if they have just one.
 */
final class LockTree {
    /** A lock in the tree. */
    static final class Node {
        private final HeldLock lock;
        private final Object holder;
        private long number;
        private int priority;
        private Node left;
        private Node right;
        private long lastMax;
        private Object onlyHolder;

        /** @param holder identity of the holder, the same object for locks of equal holders */
        Node(HeldLock lock, Object holder) {
            this.lock = lock;
            this.holder = holder;
            update();
        }

        HeldLock lock() {
            return lock;
        }

        private void update() {
            lastMax = lock.range().last();
            onlyHolder = holder;
            include(left);
            include(right);
        }

        private void include(Node child) {
            if (child != null) {
                lastMax = Math.max(lastMax, child.lastMax);
                onlyHolder = onlyHolder == child.onlyHolder ? onlyHolder : null;
            }
        }

        private boolean precedes(Node other) {
            int order = Long.compare(lock.range().first(), other.lock.range().first());
            return order != 0 ? order < 0 : number < other.number;
        }
    }

    // Clients cannot predict the priorities, so they cannot make the tree deep.
    private final Random random = new Random(Machine.current().random().nextLong());
    private Node root;
    private long added;

    void add(Node node) {
        node.number = added++;
        node.priority = random.nextInt();
        root = insert(root, node);
    }

    void remove(Node node) {
        root = without(root, node);
        node.left = null;
        node.right = null;
    }

    /**
     * Returns a lock of another holder that overlaps the range, or null. It prefers locks near the root. Clients cannot
     * predict those, so locks that end one by one let a waiter look for another obstacle only a few times.
     */
    Node find(ByteRange range, Object holder) {
        return find(root, range, holder);
    }

    private static Node find(Node node, ByteRange range, Object holder) {
        if (node == null || node.lastMax < range.first() || node.onlyHolder == holder) {
            return null;
        }
        if (node.holder != holder && node.lock.range().overlaps(range)) {
            return node;
        }
        Node found = find(node.left, range, holder);
        return found != null || node.lock.range().first() > range.last() ? found : find(node.right, range, holder);
    }

    private static Node insert(Node at, Node node) {
        if (at == null || node.priority > at.priority) {
            split(at, node);
            return node;
        }
        if (node.precedes(at)) {
            at.left = insert(at.left, node);
        } else {
            at.right = insert(at.right, node);
        }
        at.update();
        return at;
    }

    /** Puts the tree below the node, on both sides of it. */
    private static void split(Node at, Node node) {
        if (at == null) {
            return;
        }
        if (node.precedes(at)) {
            split(at.left, node);
            at.left = node.right;
            node.right = at;
        } else {
            split(at.right, node);
            at.right = node.left;
            node.left = at;
        }
        at.update();
        node.update();
    }

    private static Node without(Node at, Node node) {
        if (at == node) {
            return joined(node.left, node.right);
        }
        if (node.precedes(at)) {
            at.left = without(at.left, node);
        } else {
            at.right = without(at.right, node);
        }
        at.update();
        return at;
    }

    private static Node joined(Node left, Node right) {
        if (left == null || right == null) {
            return left == null ? right : left;
        }
        Node top;
        if (left.priority > right.priority) {
            top = left;
            top.right = joined(left.right, right);
        } else {
            top = right;
            top.left = joined(left, right.left);
        }
        top.update();
        return top;
    }
}
