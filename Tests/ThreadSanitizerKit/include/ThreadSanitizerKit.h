// Nothing to call: it is enough to link this target.
