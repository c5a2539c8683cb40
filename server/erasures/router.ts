import { instanceOwnerProcedure, projectProcedure, router } from '../trpc.ts';
import { erasePerson } from './erase-person.ts';
import { eraseText } from './erase-text.ts';
import { listErasures } from './list.ts';
import { erasePersonInput, eraseTextInput, listErasuresInput } from './schemas.ts';

export const erasuresRouter = router({
  text: projectProcedure('data.erase', 'heavy').input(eraseTextInput).mutation(eraseText),
  person: instanceOwnerProcedure('heavy').input(erasePersonInput).mutation(erasePerson),
  list: projectProcedure('data.read', 'read').input(listErasuresInput).query(listErasures),
});
