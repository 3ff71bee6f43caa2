// @ts-check
import { useFieldName } from '../../hooks/useFieldName.js';
import { attributeFields, binsOf } from '../../lib/facets.js';
import { withAttribute } from '../../lib/filterParams.js';
import classes from './FilterSidebar.module.css';
import { RangeFacet } from './RangeFacet.jsx';

/** One histogram per computed attribute. @param {import('./FilterSidebar.jsx').FacetProps} props */
export function AttributeFacets({ all, shown, filter, onChange }) {
  const nameOf = useFieldName();
  return (
    <div className={classes.stack}>
      {attributeFields(all).map((field) => {
        const bins = binsOf(all.fields[field]);
        return bins ? (
          <RangeFacet
            key={field}
            title={nameOf(field)}
            all={bins}
            shown={binsOf(shown?.fields[field])}
            range={filter.attribute?.find((range) => range.name === field)}
            onChange={(range) => onChange(withAttribute(filter, field, range))}
          />
        ) : null;
      })}
    </div>
  );
}
