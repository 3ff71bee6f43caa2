// @ts-check
import '../../mantine-more.css';
import { Notifications } from '@mantine/notifications';

/** Where toasts appear. */
export default function Toaster() {
  return <Notifications position="bottom-right" limit={4} />;
}
