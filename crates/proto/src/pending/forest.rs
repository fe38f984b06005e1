//! Trees with joining, splitting and climbing in logarithmic time: each node has at most one parent.
//!
//! Sleator and Tarjan, "Self-adjusting binary search trees" (1985), section 6: the path from a node up to its root is
//! kept as a splay tree, higher nodes to the left. `n` operations on `m` nodes take O(n log m) steps in total.

/// Names a node; reused once the node is removed.
pub(super) type Node = usize;

/// Stands for no node.
const NONE: Node = usize::MAX;

#[derive(Clone, Copy, Debug)]
struct Joint {
    /// Within a path: the parent in the splay tree. At its top: the node above the whole path.
    up: Node,
    /// The nodes above and below on the same path.
    down: [Node; 2],
}

const ALONE: Joint = Joint { up: NONE, down: [NONE; 2] };

/// A forest.
#[derive(Debug, Default)]
pub(super) struct Forest {
    joints: Vec<Joint>,
    free: Vec<Node>,
    steps: u64,
}

impl Forest {
    /// Steps taken so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// How many nodes there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.joints.len() - self.free.len()
    }

    /// A tree of one node.
    pub(super) fn add(&mut self) -> Node {
        match self.free.pop() {
            Some(node) => {
                self.joints[node] = ALONE;
                node
            }
            None => {
                self.joints.push(ALONE);
                self.joints.len() - 1
            }
        }
    }

    /// Removes a single node.
    pub(super) fn remove(&mut self, node: Node) {
        self.free.push(node);
    }

    /// The top of the tree that holds `node`.
    pub(super) fn root(&mut self, node: Node) -> Node {
        self.expose(node);
        let mut top = node;
        while self.joints[top].down[0] != NONE {
            self.steps += 1;
            top = self.joints[top].down[0];
        }
        self.splay(top);
        top
    }

    /// Puts the tree whose top is `root` below `above`, which is not in it.
    pub(super) fn link(&mut self, root: Node, above: Node) {
        self.expose(root);
        self.joints[root].up = above;
    }

    /// Splits `node`, with all below it, from its parent, if it has one.
    pub(super) fn cut(&mut self, node: Node) {
        self.expose(node);
        let above = std::mem::replace(&mut self.joints[node].down[0], NONE);
        if above != NONE {
            self.joints[above].up = NONE;
        }
    }

    /// Makes the way from the root to `node` one path that ends there, with `node` at the top of its splay tree.
    fn expose(&mut self, node: Node) {
        let (mut at, mut below) = (node, NONE);
        while at != NONE {
            self.splay(at);
            self.joints[at].down[1] = below;
            (below, at) = (at, self.joints[at].up);
        }
        self.splay(node);
    }

    /// The parent in the splay tree, and on which side of it.
    fn parent(&self, node: Node) -> Option<(Node, usize)> {
        let up = self.joints[node].up;
        let side = self.joints.get(up)?.down.iter().position(|down| *down == node)?;
        Some((up, side))
    }

    fn splay(&mut self, node: Node) {
        while let Some((up, side)) = self.parent(node) {
            if let Some((_, upper)) = self.parent(up) {
                self.rotate(if side == upper { up } else { node });
            }
            self.rotate(node);
        }
    }

    fn rotate(&mut self, node: Node) {
        self.steps += 1;
        let Some((up, side)) = self.parent(node) else { return };
        let above = self.parent(up);
        let inner = std::mem::replace(&mut self.joints[node].down[1 - side], up);
        self.joints[node].up = self.joints[up].up;
        (self.joints[up].up, self.joints[up].down[side]) = (node, inner);
        if inner != NONE {
            self.joints[inner].up = up;
        }
        if let Some((top, side)) = above {
            self.joints[top].down[side] = node;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NODES: usize = 24;

    fn climb(above: &[Option<usize>], mut node: usize) -> usize {
        while let Some(next) = above[node] {
            node = next;
        }
        node
    }

    proptest! {
        #[test]
        fn it_climbs_as_one_would_step_by_step(
            orders in proptest::collection::vec((0..NODES, 0..NODES, any::<bool>()), 0..300),
        ) {
            let mut forest = Forest::default();
            let mut above = [None; NODES];
            (0..NODES).for_each(|node| assert_eq!(forest.add(), node));
            for (one, other, joins) in orders {
                let top = climb(&above, one);
                if joins && climb(&above, other) != top {
                    forest.link(top, other);
                    above[top] = Some(other);
                } else if !joins {
                    forest.cut(one);
                    above[one] = None;
                }
                for node in [one, other] {
                    prop_assert_eq!(forest.root(node), climb(&above, node));
                }
            }
        }
    }

    #[test]
    fn a_long_chain_is_climbed_in_few_steps() {
        let mut forest = Forest::default();
        let nodes: Vec<_> = (0..4_096).map(|_| forest.add()).collect();
        nodes.windows(2).for_each(|pair| forest.link(pair[1], pair[0]));
        let before = forest.steps();
        (0..4_096).for_each(|at| assert_eq!(forest.root(nodes[(at * 2_731) % 4_096]), nodes[0]));
        assert!(forest.steps() - before < 4_096 * 4 * 12, "{}", forest.steps() - before);
    }
}
