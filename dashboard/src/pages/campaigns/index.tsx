import { ClusterList } from "../clusters/List";

export default function Page() {
  return <ClusterList level="campaigns" />;
}
