// @ts-check
import classes from './Figures.module.css';

/** Names and values, one a line. @param {{ rows: [string, import('react').ReactNode][] }} props */
export function Figures({ rows }) {
  return (
    <dl className={classes.figures}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
