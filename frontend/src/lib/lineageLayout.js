// @ts-check
import { Graph, layout } from '@dagrejs/dagre';

/** @typedef {import('../api/queries/types.d.ts').Lineage} Lineage */
export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 58;

/**
 * Places for the nodes of a lineage, left to right in the order that things came from each other.
 * @param {Lineage} lineage
 * @returns {Map<string, {x: number, y: number}>} top left corners
 */
export function placeNodes({ nodes, edges }) {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 56 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of edges) {
    if (graph.hasNode(edge.from) && graph.hasNode(edge.to)) graph.setEdge(edge.from, edge.to);
  }
  layout(graph);
  return new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}
