// @ts-check
import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { Background, Controls, MiniMap, Position, ReactFlow } from '@xyflow/react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { formatAgo } from '../../lib/format.js';
import { NODE_HEIGHT, NODE_WIDTH, placeNodes } from '../../lib/lineageLayout.js';
import { linkOfNode } from '../../lib/lineageLinks.js';
import classes from './LineageGraph.module.css';

/** @typedef {import('../../api/queries/types.d.ts').LineageNode} LineageNode */
/** More are found by moving about. */
const FITTED = 12;

/**
 * Where everything came from. The table beside it says the same in words.
 * @param {{workspaceId: string, lineage: import('../../api/queries/types.d.ts').Lineage, head: string | null}} props
 */
export function LineageGraph({ workspaceId, lineage, head }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const scheme = useComputedColorScheme('light');
  const nodes = useMemo(() => {
    const places = placeNodes(lineage);
    return lineage.nodes.map((node) => ({
      id: node.id,
      position: places.get(node.id) ?? { x: 0, y: 0 },
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      ariaLabel: `${t(`snapshots.lineage.types.${node.type}`)} ${node.label || node.id}`,
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      data: {
        link: linkOfNode(node, workspaceId),
        label: (
          <LineageCard
            node={node}
            head={node.id === head}
            kind={t(`snapshots.lineage.types.${node.type}`)}
          />
        ),
      },
    }));
  }, [lineage, head, workspaceId, t]);
  const edges = useMemo(
    () =>
      lineage.edges.map((edge) => ({
        id: `${edge.from} ${edge.to} ${edge.relation}`,
        source: edge.from,
        target: edge.to,
        label: t(`snapshots.lineage.relations.${edge.relation}`, { defaultValue: '' }) || undefined,
      })),
    [lineage, t],
  );
  const newest = [...lineage.nodes]
    .sort((a, b) => b.created_at.localeCompare(a.created_at))
    .slice(0, FITTED);
  return (
    <div className={classes.graph} data-testid="lineage">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        colorMode={scheme}
        fitView
        fitViewOptions={{ nodes: newest, maxZoom: 1.1, padding: 0.15 }}
        minZoom={0.05}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        onNodeClick={(_, { data }) => data.link && navigate(data.link)}
        ariaLabelConfig={{
          'controls.ariaLabel': t('snapshots.lineage.controls'),
          'controls.zoomIn.ariaLabel': t('explorer.detail.zoomIn'),
          'controls.zoomOut.ariaLabel': t('explorer.detail.zoomOut'),
          'controls.fitView.ariaLabel': t('explorer.detail.zoomFit'),
          'minimap.ariaLabel': t('snapshots.lineage.map'),
        }}
      >
        <Background />
        <Controls showInteractive={false} />
        {lineage.nodes.length > FITTED ? <MiniMap pannable zoomable /> : null}
      </ReactFlow>
    </div>
  );
}

/** @param {{node: LineageNode, head: boolean, kind: string}} props */
function LineageCard({ node, head, kind }) {
  return (
    <div className={classes.card} data-type={node.type} data-head={head || undefined}>
      <span className={classes.kind}>{kind}</span>
      <span className={classes.label}>{node.label || node.id}</span>
      <span className={classes.kind}>{node.created_at ? formatAgo(node.created_at) : ''}</span>
    </div>
  );
}
