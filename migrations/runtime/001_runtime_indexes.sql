-- What the API asks for most. Name and number are those of the earlier program, whose ledger knows this file by them.

CREATE INDEX IF NOT EXISTS idx_issues_build_status ON issues (build_id, status);
CREATE INDEX IF NOT EXISTS idx_issues_session_id ON issues (session_id);
CREATE INDEX IF NOT EXISTS idx_comments_issue_id ON comments (issue_id);
CREATE INDEX IF NOT EXISTS idx_card_transactions_card_id ON card_transactions (card_id);
