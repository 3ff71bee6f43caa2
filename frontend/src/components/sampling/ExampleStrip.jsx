// @ts-check
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { apiUrl } from '../../api/client.js';
import classes from './ExampleStrip.module.css';

const SIZE = 192;

/** Some of the images, each a way to it. @param {{workspaceId: string, title: string, ids: readonly string[]}} props */
export function ExampleStrip({ workspaceId, title, ids }) {
  const { t } = useTranslation();
  if (ids.length === 0) return null;
  return (
    <div>
      <Text size="xs" fw={650} mb={4}>
        {title}
      </Text>
      <ul className={classes.strip}>
        {ids.map((id, index) => (
          <li key={id}>
            <Link
              to={`/w/${workspaceId}/data?item=${id}`}
              aria-label={t('sampling.result.example', { title, number: index + 1 })}
            >
              <img
                src={apiUrl(`/workspace/${workspaceId}/data/item/${id}/preview?size=${SIZE}`)}
                alt=""
                width={96}
                height={96}
                loading="lazy"
                decoding="async"
              />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
