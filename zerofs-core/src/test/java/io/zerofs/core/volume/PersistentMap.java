// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A sorted map that never changes: putting and removing give a new map which shares most of its nodes with the old
 * one, so that a snapshot is a reference. A treap: a binary search tree by key and a heap by random priority.
 */
final class PersistentMap<K, V> {
    private final Comparator<? super K> order;
    private final Node<K, V> root;

    PersistentMap(Comparator<? super K> order) {
        this(order, null);
    }

    private PersistentMap(Comparator<? super K> order, Node<K, V> root) {
        this.order = order;
        this.root = root;
    }

    V get(K key) {
        Node<K, V> node = root;
        while (node != null) {
            int compared = order.compare(key, node.key);
            if (compared == 0) {
                return node.value;
            }
            node = compared < 0 ? node.left : node.right;
        }
        return null;
    }

    PersistentMap<K, V> with(K key, V value) {
        return new PersistentMap<>(order, put(root, key, value));
    }

    PersistentMap<K, V> without(K key) {
        return get(key) == null ? this : new PersistentMap<>(order, remove(root, key));
    }

    /** Walks from the first key at or after this one. */
    Walk<K, V> ascendingFrom(K from) {
        Deque<Node<K, V>> path = new ArrayDeque<>();
        Node<K, V> node = root;
        while (node != null) {
            if (order.compare(node.key, from) >= 0) {
                path.push(node);
                node = node.left;
            } else {
                node = node.right;
            }
        }
        return new Walk<>(path, true);
    }

    /** Walks backwards from the last key before this one. */
    Walk<K, V> descendingBefore(K end) {
        Deque<Node<K, V>> path = new ArrayDeque<>();
        Node<K, V> node = root;
        while (node != null) {
            if (order.compare(node.key, end) < 0) {
                path.push(node);
                node = node.right;
            } else {
                node = node.left;
            }
        }
        return new Walk<>(path, false);
    }

    private Node<K, V> put(Node<K, V> node, K key, V value) {
        if (node == null) {
            return new Node<>(key, value, ThreadLocalRandom.current().nextInt(), null, null);
        }
        int compared = order.compare(key, node.key);
        if (compared == 0) {
            return new Node<>(key, value, node.priority, node.left, node.right);
        }
        if (compared < 0) {
            Node<K, V> left = put(node.left, key, value);
            return left.priority <= node.priority
                    ? node.withChildren(left, node.right)
                    : left.withChildren(left.left, node.withChildren(left.right, node.right));
        }
        Node<K, V> right = put(node.right, key, value);
        return right.priority <= node.priority
                ? node.withChildren(node.left, right)
                : right.withChildren(node.withChildren(node.left, right.left), right.right);
    }

    private Node<K, V> remove(Node<K, V> node, K key) {
        int compared = order.compare(key, node.key);
        if (compared == 0) {
            return merge(node.left, node.right);
        }
        return compared < 0
                ? node.withChildren(remove(node.left, key), node.right)
                : node.withChildren(node.left, remove(node.right, key));
    }

    private static <K, V> Node<K, V> merge(Node<K, V> left, Node<K, V> right) {
        if (left == null) {
            return right;
        }
        if (right == null) {
            return left;
        }
        return left.priority > right.priority
                ? left.withChildren(left.left, merge(left.right, right))
                : right.withChildren(merge(left, right.left), right.right);
    }

    private record Node<K, V>(K key, V value, int priority, Node<K, V> left, Node<K, V> right) {
        Node<K, V> withChildren(Node<K, V> newLeft, Node<K, V> newRight) {
            return new Node<>(key, value, priority, newLeft, newRight);
        }
    }

    /** A walk over the entries; confined to one thread. */
    static final class Walk<K, V> {
        private final Deque<Node<K, V>> path;
        private final boolean ascending;
        private Node<K, V> current;

        private Walk(Deque<Node<K, V>> path, boolean ascending) {
            this.path = path;
            this.ascending = ascending;
        }

        boolean next() {
            current = path.poll();
            if (current == null) {
                return false;
            }
            Node<K, V> node = ascending ? current.right : current.left;
            while (node != null) {
                path.push(node);
                node = ascending ? node.left : node.right;
            }
            return true;
        }

        K key() {
            return current.key;
        }

        V value() {
            return current.value;
        }
    }
}
