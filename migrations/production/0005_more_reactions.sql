-- Three of the five reactions are positive: helpful, thanks, relate.
ALTER TABLE acknowledgements DROP CONSTRAINT IF EXISTS acknowledgements_reaction;
ALTER TABLE acknowledgements ADD CONSTRAINT acknowledgements_reaction
    CHECK (reaction IN ('helpful', 'thanks', 'relate', 'seen', 'not_helpful'));
